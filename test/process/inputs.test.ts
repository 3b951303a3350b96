// A caller may do anything to the arrays of a call while it runs.
import { Worker } from "node:worker_threads";
import { type GRU, type Tensor, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectRejection, layer, numbers, outputOf, random } from "../layers/support.js";

const B = 2;
const T = 20_000;
const F = 3;
const U = 16;

/** Long enough to be changed while the call runs. */
const inputs = random([B, T, F]);
const gru = layer(U, F, { return_state: true });
const initial = new Float32Array(numbers(B * U, 3));
const lengths = Int32Array.of(T, T / 2);
const wanted = gru.call(inputs, { lengths, initial_state: initial });

const turn = () => new Promise((resolve) => setImmediate(resolve));
const detach = (array: Float32Array | Int32Array | Uint8Array) =>
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });

describe("while a call runs", () => {
  it("every array it was given may be written to", async () => {
    const own = { inputs: inputs.data.slice(), lengths: lengths.slice(), initial: initial.slice() };
    const promise = gru.callAsync(tensor(own.inputs, [B, T, F]), {
      lengths: own.lengths,
      initial_state: own.initial,
    });
    let settled = false;
    const result = promise.finally(() => {
      settled = true;
    });
    let turns = 0;
    while (!settled) {
      for (const array of Object.values(own)) array.fill(turns);
      turns += 1;
      await turn();
    }
    expect(await result).toEqual(wanted);
  });

  it("every array it was given may be detached", async () => {
    const own = { inputs: inputs.data.slice(), lengths: lengths.slice(), initial: initial.slice() };
    const promise = gru.callAsync(tensor(own.inputs, [B, T, F]), {
      lengths: own.lengths,
      initial_state: own.initial,
    });
    for (const array of Object.values(own)) detach(array);
    expect(own.inputs.length).toBe(0);
    expect(await promise).toEqual(wanted);
  });

  it("a mask may be written to and detached", async () => {
    const data = new Uint8Array(B * T).fill(1).fill(0, T + T / 2);
    const promise = gru.callAsync(inputs, { mask: tensor(data, [B, T], "bool"), initial_state: initial });
    data.fill(0);
    await turn();
    detach(data);
    expect(await promise).toEqual(wanted);
  });

  it("transferred inputs are out of the caller's reach", async () => {
    const data = inputs.data.slice();
    const { buffer } = data;
    const promise = gru.callAsync(tensor(data, [B, T, F]), { transfer: true, lengths, initial_state: initial });
    expect([data.length, buffer.byteLength]).toEqual([0, 0]);
    expect(() => data.fill(5)).toThrow(TypeError);
    expect(await promise).toEqual(wanted);
  });

  it("shared memory may be written to by another thread", async () => {
    const shared = new Float32Array(new SharedArrayBuffer(inputs.data.byteLength));
    const on = new Int32Array(new SharedArrayBuffer(4)).fill(1);
    const worker = new Worker(
      `const { on, shared, length } = require("node:worker_threads").workerData;
      for (let i = 0; Atomics.load(on, 0) === 1; i++) shared[length + (i % length)] = Math.random();`,
      {
        eval: true,
        // The other thread writes to the second row only.
        workerData: { on, shared, length: T * F },
      },
    );
    try {
      shared.set(inputs.data);
      const mine = outputOf(await gru.callAsync({ data: shared, shape: [B, T, F] }, { initial_state: initial }));
      const row = mine.data.subarray(0, U);
      expect(row).toEqual(outputOf(gru.call(inputs, { initial_state: initial })).data.subarray(0, U));
      expect(mine.data.every((value) => Number.isFinite(value))).toBe(true);
      // Synchronous calls copy such data too, because the kernels never read memory that may change.
      const again = outputOf(gru.call({ data: shared, shape: [B, T, F] }, { initial_state: initial }));
      expect(again.data.subarray(0, U)).toEqual(row);
    } finally {
      Atomics.store(on, 0, 0);
      await worker.terminate();
    }
  });

  it("a resizable buffer may shrink", async () => {
    const Resizable = ArrayBuffer as unknown as new (
      bytes: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(bytes: number): void };
    const bytes = inputs.data.byteLength;
    const buffer = new Resizable(bytes, { maxByteLength: 2 * bytes });
    const view = new Float32Array(buffer);
    view.set(inputs.data);
    const promise = gru.callAsync({ data: view, shape: [B, T, F] }, { lengths, initial_state: initial });
    buffer.resize(4);
    expect(await promise).toEqual(wanted);
  });

  it("the layer's weights may be set, its name and variables looked at", async () => {
    const other = layer(U, F, { return_state: true });
    const promise = other.callAsync(inputs, { lengths, initial_state: initial });
    for (let i = 0; i < 20; i++) {
      other.setWeights(other.weights.map((weight, at) => numbers(weight.value.data.length, i + at)));
      other.weights[0]?.assign(new Float32Array(F * 3 * U));
      await turn();
    }
    expect(await promise).toEqual(wanted);
  });
});

describe("out", () => {
  const one = layer(U, F, { return_state: true, stateful: true });

  it.each([0, 1])("detached while a call runs makes it fail, with nothing written: array %d", async (which) => {
    const out: [Float32Array, Float32Array] = [new Float32Array(B * U), new Float32Array(B * U)];
    const before = one.states;
    const promise = one.callAsync(inputs, { out });
    detach(out[which] as Float32Array);
    await expectRejection(() => promise, "ERR_ARGUMENT", /`out`.*detached/);
    expect(out[1 - which]).toEqual(new Float32Array(B * U));
    expect(one.states).toEqual(before);
  });

  it("is written on this thread only, between two of its turns", async () => {
    const out = [tensor(new Float32Array(B * U), [B, U]), tensor(new Float32Array(B * U), [B, U])] as const;
    const promise = gru.callAsync(inputs, { out, lengths, initial_state: initial });
    let settled = false;
    const result = promise.finally(() => {
      settled = true;
    });
    while (!settled) {
      const seen = out.map(({ data }) => data.every((value) => value === 0));
      // Nothing can come between this check and the next turn but the settling itself.
      expect(seen).toEqual([true, true]);
      await turn();
    }
    await result;
    expect(out).toEqual(wanted);
  });

  it("may be the inputs' memory, and shared memory", async () => {
    const square = layer(F, F, { return_sequences: true });
    const before = random([B, 50, F], 5);
    const expected = outputOf(square.call(before)).data;
    const own = tensor(before.data.slice(), [B, 50, F]);
    await square.callAsync(own, { out: own });
    expect(own.data).toEqual(expected);
    const shared = new Float32Array(new SharedArrayBuffer(expected.byteLength));
    await square.callAsync(before, { out: shared as never });
    expect(shared).toEqual(expected);
  });

  it("of several calls may be one array: the last to settle remains", async () => {
    const out = new Float32Array(B * U);
    const small = layer(U, F, { stateful: true });
    const parts = [random([B, 3, F], 8), random([B, 3, F], 9)];
    await Promise.all(parts.map((part) => small.callAsync(part, { out })));
    expect(small.states?.[0].data).toEqual(out);
  });
});

describe("dropout", () => {
  it("uses the generator as it was at submit", async () => {
    const make = () => layer(U, F, { dropout: 0.5, seed: 3 });
    const [a, b] = [make(), make()] as [GRU, GRU];
    const short = random([B, 4, F], 2);
    const wantedDraws = Array.from({ length: 3 }, () => outputOf(a.call(short, { training: true })));
    // Submitted together, settled in any order.
    const got = (await Promise.all(wantedDraws.map(() => b.callAsync(short, { training: true })))) as Tensor[];
    expect(got).toEqual(wantedDraws);
    // The number of a call that fails is used again.
    const controller = new AbortController();
    const stopped = b.callAsync(short, { training: true, signal: controller.signal });
    controller.abort();
    await expectRejection(() => stopped, "ERR_ABORTED");
    expect(await b.callAsync(short, { training: true })).toEqual(a.call(short, { training: true }));
  });
});
