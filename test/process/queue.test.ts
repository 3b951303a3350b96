// The bound on asynchronous calls in flight.
import { configure, GRU, tensor } from "cudnn-gru";
import { afterEach, describe, expect, it } from "vitest";
import { expectError, expectRejection, layer, outputOf, random, stateOf } from "../layers/support.js";

const F = 4;
const U = 8;
const inputs = random([2, 10, F]);

afterEach(() => configure({ maxQueue: Number.POSITIVE_INFINITY }));

/** Calls that run until `gate` opens (by aborting them); the result waits for their end. */
function fill(gru: GRU, count: number) {
  const gate = new AbortController();
  const timesteps = 20_000_000;
  const calls = Array.from({ length: count }, () =>
    gru.callAsync(tensor(new Float32Array(timesteps * F), [1, timesteps, F]), { signal: gate.signal, transfer: true }),
  );
  const ended = Promise.allSettled(calls);
  return async () => {
    gate.abort();
    await ended;
  };
}

describe("configure({ maxQueue })", () => {
  it("refuses calls beyond it, and takes them again when others have settled", async () => {
    const gru = layer(U, F);
    configure({ maxQueue: 3 });
    const open = fill(gru, 3);
    const error = await expectRejection(
      () => gru.callAsync(inputs),
      "ERR_BUSY",
      /3 asynchronous calls.*maxQueue.*callAsync/,
    );
    expect(error.name).toBe("GRUError");
    await expectRejection(() => gru.warmUp({ batch: 1, timesteps: 1 }), "ERR_BUSY", /`warmUp`/);
    await open();
    expect(await gru.callAsync(inputs)).toEqual(gru.call(inputs));
  });

  it("counts running and waiting calls of every layer, and calls that wait for their turn", async () => {
    configure({ maxQueue: 4 });
    const open = fill(layer(U, F), 2);
    const openOther = fill(layer(U, F, { stateful: true }), 2);
    await expectRejection(() => layer(U, F).callAsync(inputs), "ERR_BUSY");
    await open();
    await layer(U, F).callAsync(inputs);
    await openOther();
  });

  it("leaves the layer and the inputs as they were", async () => {
    configure({ maxQueue: 1 });
    const open = fill(layer(U, F), 1);
    const gru = layer(U, F, { stateful: true, dropout: 0.5, seed: 1 });
    const twin = layer(U, F, { stateful: true, dropout: 0.5, seed: 1 });
    const before = stateOf(gru);
    const own = tensor(inputs.data.slice(), [2, 10, F]);
    await expectRejection(() => gru.callAsync(own, { transfer: true, training: true }), "ERR_BUSY");
    expect(own.data.length).toBe(inputs.data.length);
    expect(stateOf(gru)).toEqual(before);
    const unbuilt = new GRU(U);
    await expectRejection(() => unbuilt.callAsync(inputs), "ERR_BUSY");
    expect(unbuilt.built).toBe(false);
    await open();
    expect(await gru.callAsync(own, { training: true })).toEqual(twin.call(inputs, { training: true }));
  });

  it("gives places back however a call ends", async () => {
    configure({ maxQueue: 1 });
    const gru = layer(U, F, { stateful: true });
    await expectRejection(() => gru.callAsync(inputs, { lengths: [1] }), "ERR_SHAPE");
    await expectRejection(() => gru.callAsync(inputs, { signal: AbortSignal.abort() }), "ERR_ABORTED");
    const controller = new AbortController();
    const stopped = gru.callAsync(inputs, { signal: controller.signal });
    controller.abort();
    await expectRejection(() => stopped, "ERR_ABORTED");
    const out = new Float32Array(2 * U);
    const failing = gru.callAsync(inputs, { out });
    structuredClone(out.buffer, { transfer: [out.buffer] });
    await expectRejection(() => failing, "ERR_ARGUMENT");
    const last = gru.callAsync(inputs);
    gru.dispose();
    await last;
    await expectRejection(() => gru.callAsync(inputs), "ERR_DISPOSED");
    const fresh = layer(U, F);
    await fresh.warmUp({ batch: 1, timesteps: 1 });
    await expectRejection(() => fresh.warmUp({ batch: 0, timesteps: 1 }), "ERR_ARGUMENT");
    await expectRejection(() => new GRU(1).warmUp({ batch: 1, timesteps: 1 }), "ERR_NOT_BUILT");
    await fresh.callAsync(inputs);
  });

  it("is no bound on calls already in flight, nor on synchronous ones", async () => {
    const gru = layer(U, F);
    const open = fill(gru, 3);
    configure({ maxQueue: 2 });
    await expectRejection(() => gru.callAsync(inputs), "ERR_BUSY", /3 run or wait/);
    expect(outputOf(gru.call(inputs)).shape).toEqual([2, U]);
    await open();
    await Promise.all([gru.callAsync(inputs), gru.callAsync(inputs)]);
  });

  it.each([0, -1, 1.5, Number.NaN, "4", null, 2 ** 60, true])("refuses %j, changing nothing", async (value) => {
    configure({ maxQueue: 1 });
    expectError(() => configure({ maxQueue: value as never }), "ERR_ARGUMENT", /`maxQueue`/);
    const open = fill(layer(U, F), 1);
    await expectRejection(() => layer(U, F).callAsync(inputs), "ERR_BUSY");
    await open();
  });
});
