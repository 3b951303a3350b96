// dispose with calls in flight.
import { GRU, memoryUsage, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError, expectRejection, layer, random } from "../layers/support.js";

const F = 4;
const U = 32;
const inputs = random([2, 2_000, F]);

describe("dispose with calls in flight", () => {
  it("lets running and waiting calls end, and frees after the last", async () => {
    const before = memoryUsage().weights;
    const gru = layer(U, F);
    const wanted = gru.call(inputs);
    const calls = Array.from({ length: 10 }, () => gru.callAsync(inputs));
    gru.dispose();
    await expectRejection(() => gru.callAsync(inputs), "ERR_DISPOSED");
    await expectRejection(() => gru.warmUp({ batch: 1, timesteps: 1 }), "ERR_DISPOSED");
    expectError(() => gru.call(inputs), "ERR_DISPOSED");
    expectError(() => gru.weights, "ERR_DISPOSED");
    expect(memoryUsage().weights).toBeGreaterThan(before);
    for (const result of await Promise.all(calls)) expect(result).toEqual(wanted);
    expect(memoryUsage().weights).toBe(before);
  });

  it("frees after aborted calls too, in the order of a stateful layer", async () => {
    const before = memoryUsage().weights;
    const gru = layer(U, F, { stateful: true });
    const twin = layer(U, F, { stateful: true });
    const controller = new AbortController();
    const calls = Array.from({ length: 9 }, (_, index) =>
      gru.callAsync(inputs, index % 3 === 1 ? { signal: controller.signal } : {}),
    );
    gru.dispose();
    controller.abort();
    const settled = await Promise.allSettled(calls);
    settled.forEach((one, index) => {
      if (index % 3 === 1) expect(one).toMatchObject({ status: "rejected", reason: { code: "ERR_ABORTED" } });
      else expect(one).toEqual({ status: "fulfilled", value: twin.call(inputs) });
    });
    twin.dispose();
    expect(memoryUsage().weights).toBe(before);
  });

  it("keeps each call's own weights until it has ended", async () => {
    const before = memoryUsage().weights;
    const gru = layer(U, F);
    const calls = [];
    const wanted = [];
    for (let version = 0; version < 6; version++) {
      gru.setWeights(
        gru.getWeights().map(({ data, shape }) =>
          tensor(
            data.map((value) => value * 0.9),
            shape,
          ),
        ),
      );
      wanted.push(gru.call(inputs));
      calls.push(gru.callAsync(inputs));
    }
    gru.dispose();
    expect(await Promise.all(calls)).toEqual(wanted);
    expect(memoryUsage().weights).toBe(before);
  });

  it("waits for warmUp", async () => {
    const before = memoryUsage().weights;
    const gru = layer(U, F);
    const warming = gru.warmUp({ batch: 2, timesteps: 50 });
    gru.dispose();
    await warming;
    expect(memoryUsage().weights).toBe(before);
  });

  it("ends a using block, and may be called from a call's own continuation", async () => {
    const before = memoryUsage().weights;
    const gru = new GRU(U);
    await gru.callAsync(inputs).then(() => gru[Symbol.dispose]());
    gru.dispose();
    expect(memoryUsage().weights).toBe(before);
  });
});
