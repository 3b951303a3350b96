import { getEventListeners } from "node:events";
import { GRU, type Tensor, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectRejection, layer, outputOf, random, stateOf } from "./support.js";

const B = 4;
const T = 30;
const F = 5;
const U = 8;
const inputs = random([B, T, F]);

/** A call that takes long enough to be aborted while it runs. */
const LONG = { timesteps: 200_000, units: 16 };

function longInputs(): Tensor<Float32Array> {
  return tensor(new Float32Array(LONG.timesteps * F).fill(0.1), [1, LONG.timesteps, F]);
}

describe("callAsync", () => {
  it("gives what call gives", async () => {
    for (const args of [{}, { return_sequences: true }, { return_state: true, go_backwards: true }]) {
      const gru = layer(U, F, args);
      expect(await gru.callAsync(inputs)).toEqual(gru.call(inputs));
    }
  });

  it("gives fresh tensors", async () => {
    const gru = layer(U, F, { return_state: true });
    const [first, second] = await Promise.all([gru.callAsync(inputs), gru.callAsync(inputs)]);
    const arrays = [...(first as Tensor[]), ...(second as Tensor[])].map(({ data }) => data.buffer);
    expect(new Set(arrays).size).toBe(4);
  });

  it("copies inputs, masks, lengths and states at submit", async () => {
    const gru = layer(U, F);
    const own = tensor(inputs.data.slice(), [B, T, F]);
    const mask = tensor(new Uint8Array(B * T).fill(1), [B, T], "bool");
    const initial_state = random([B, U], 3);
    const wanted = gru.call(own, { mask, initial_state });
    const promise = gru.callAsync(own, { mask, initial_state });
    own.data.fill(0);
    mask.data.fill(0);
    const state = initial_state.data.slice();
    initial_state.data.fill(0);
    expect(await promise).toEqual(wanted);

    const lengths = Int32Array.of(1, 2, 3, 4);
    const short = gru.call(inputs, { lengths, initial_state: state });
    const later = gru.callAsync(inputs, { lengths, initial_state: state });
    lengths.fill(0);
    state.fill(0);
    expect(await later).toEqual(short);
  });

  it("uses the weights as they were at submit", async () => {
    const gru = layer(U, F);
    const wanted = gru.call(inputs);
    const promise = gru.callAsync(inputs);
    gru.setWeights(gru.weights.map(({ value }) => value.data.fill(0)));
    const zeroed = gru.callAsync(inputs);
    expect(await promise).toEqual(wanted);
    expect(new Set(outputOf(await zeroed).data)).toEqual(new Set([0]));
  });

  it("builds a layer that is not built", async () => {
    const gru = new GRU(U);
    const promise = gru.callAsync(inputs);
    expect(gru.built).toBe(true);
    expect(outputOf(await promise)).toEqual(outputOf(gru.call(inputs)));
  });

  it("fills out when it settles, and not before", async () => {
    const gru = layer(U, F);
    const out = tensor(new Float32Array(B * U), [B, U]);
    const promise = gru.callAsync(inputs, { out });
    expect(new Set(out.data)).toEqual(new Set([0]));
    expect(await promise).toBe(out);
    expect(out).toEqual(gru.call(inputs));
  });

  it("rejects when out was transferred in the meantime", async () => {
    const gru = layer(U, F, { stateful: true });
    const out = new Float32Array(B * U);
    const promise = gru.callAsync(inputs, { out });
    structuredClone(out.buffer, { transfer: [out.buffer] });
    await expectRejection(() => promise, "ERR_ARGUMENT", /`out`.*detached/);
    expect(gru.states).toBeNull();
  });

  it("runs off this thread", async () => {
    const gru = layer(64, F);
    let settled = false;
    const promise = gru.callAsync(tensor(new Float32Array(20_000 * F), [1, 20_000, F])).then(() => {
      settled = true;
    });
    let turns = 0;
    while (!settled) {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
    }
    await promise;
    expect(turns).toBeGreaterThan(3);
  });

  it("runs many at once", async () => {
    const gru = layer(U, F);
    const wanted = gru.call(inputs);
    const all = await Promise.all(Array.from({ length: 32 }, () => gru.callAsync(inputs)));
    for (const one of all) expect(one).toEqual(wanted);
  });
});

describe("transfer", () => {
  it("gives the inputs' buffer away", async () => {
    const gru = layer(U, F);
    const wanted = gru.call(inputs);
    const own = inputs.data.slice();
    const promise = gru.callAsync({ data: own, shape: [B, T, F] }, { transfer: true });
    expect([own.length, own.buffer.byteLength]).toEqual([0, 0]);
    expect(await promise).toEqual(wanted);
  });

  it("moves a view's whole buffer, and data of another dtype", async () => {
    const gru = layer(U, F);
    const wanted = gru.call(inputs);
    const whole = Float32Array.of(1, 2, ...inputs.data, 3);
    const view = whole.subarray(2, 2 + inputs.data.length);
    expect(await gru.callAsync({ data: view, shape: [B, T, F] }, { transfer: true })).toEqual(wanted);
    expect(whole.length).toBe(0);
    const double = new Float64Array(inputs.data);
    expect(await gru.callAsync({ data: double, shape: [B, T, F] }, { transfer: true })).toEqual(wanted);
    expect(double.length).toBe(0);
  });

  it("is nothing for nested arrays", async () => {
    const gru = layer(U, F);
    const nested = inputs.toArray() as number[][][];
    expect(await gru.callAsync(nested, { transfer: true })).toEqual(gru.call(inputs));
  });

  it("leaves the buffer alone when the call is refused", async () => {
    const gru = layer(U, F);
    const own = tensor(inputs.data.slice(), [B, T, F]);
    await expectRejection(() => gru.callAsync(own, { transfer: true, lengths: [1] }), "ERR_SHAPE");
    const signal = AbortSignal.abort();
    await expectRejection(() => gru.callAsync(own, { transfer: true, signal }), "ERR_ABORTED");
    expect(own.data.length).toBe(B * T * F);
  });

  it("refuses shared memory, and out in the same buffer", async () => {
    const gru = layer(U, F);
    const data = new Float32Array(new SharedArrayBuffer(inputs.data.byteLength));
    await expectRejection(
      () => gru.callAsync({ data, shape: [B, T, F] }, { transfer: true }),
      "ERR_ARGUMENT",
      /transfer/,
    );
    const whole = new Float32Array(B * T * F + B * U);
    const args = { transfer: true, out: whole.subarray(B * T * F) };
    const view = { data: whole.subarray(0, B * T * F), shape: [B, T, F] };
    await expectRejection(() => gru.callAsync(view, args), "ERR_ARGUMENT", /`out`/);
    expect(whole.length).toBe(B * T * F + B * U);
  });
});

describe("abort", () => {
  it("rejects at once when the signal is already aborted, before anything else", async () => {
    const gru = new GRU(U);
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    const error = await expectRejection(() => gru.callAsync([] as never, { signal }), "ERR_ABORTED");
    expect([error.name, error.cause]).toEqual(["AbortError", reason]);
    expect(gru.built).toBe(false);
  });

  it("stops a running call, with the signal's reason as cause", async () => {
    const gru = layer(LONG.units, F, { stateful: true });
    const before = stateOf(gru);
    const controller = new AbortController();
    const promise = gru.callAsync(longInputs(), { signal: controller.signal });
    setTimeout(() => controller.abort("late"), 1);
    const error = await expectRejection(() => promise, "ERR_ABORTED");
    expect([error.name, error.cause]).toEqual(["AbortError", "late"]);
    expect(stateOf(gru)).toEqual(before);
  });

  it("rejects even when the computation had ended before the promise settled", async () => {
    const gru = layer(U, F, { stateful: true });
    const controller = new AbortController();
    const promise = gru.callAsync(inputs, { signal: controller.signal });
    controller.abort();
    await expectRejection(() => promise, "ERR_ABORTED");
    expect(gru.states).toBeNull();
  });

  it("takes its listener off the signal, however the call ends", async () => {
    const gru = layer(U, F);
    const controller = new AbortController();
    const { signal } = controller;
    await gru.callAsync(inputs, { signal });
    await expectRejection(() => gru.callAsync(inputs, { signal, lengths: [1] }), "ERR_SHAPE");
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    const promise = gru.callAsync(inputs, { signal });
    expect(getEventListeners(signal, "abort").length).toBeGreaterThan(0);
    controller.abort();
    await expectRejection(() => promise, "ERR_ABORTED");
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("has no effect after the call has settled", async () => {
    const gru = layer(U, F);
    const controller = new AbortController();
    const wanted = await gru.callAsync(inputs, { signal: controller.signal });
    controller.abort();
    expect(await gru.callAsync(inputs)).toEqual(wanted);
  });

  it("leaves the other calls alone", async () => {
    const gru = layer(U, F);
    const wanted = gru.call(inputs);
    const controller = new AbortController();
    const calls = Array.from({ length: 8 }, (_, index) =>
      gru.callAsync(inputs, index === 3 ? { signal: controller.signal } : {}),
    );
    controller.abort();
    const settled = await Promise.allSettled(calls);
    settled.forEach((one, index) => {
      if (index === 3) expect(one.status).toBe("rejected");
      else expect(one).toEqual({ status: "fulfilled", value: wanted });
    });
  });
});

describe("dispose", () => {
  it("refuses new calls and lets running ones end", async () => {
    const gru = layer(U, F);
    const wanted = gru.call(inputs);
    const running = [gru.callAsync(inputs), gru.callAsync(inputs)];
    gru.dispose();
    gru.dispose();
    await expectRejection(() => gru.callAsync(inputs), "ERR_DISPOSED");
    expect(await Promise.all(running)).toEqual([wanted, wanted]);
  });

  it("lets every call in the order of a stateful layer end", async () => {
    const gru = layer(U, F, { stateful: true });
    const other = layer(U, F, { stateful: true });
    const wanted = [other.call(inputs), other.call(inputs), other.call(inputs)];
    const running = wanted.map(() => gru.callAsync(inputs));
    gru.dispose();
    expect(await Promise.all(running)).toEqual(wanted);
  });
});
