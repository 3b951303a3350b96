// The argument `out` of a Bidirectional or a stack: the addon writes there directly where that is safe.
import { Bidirectional, GRU, GRUStack, type Tensor, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { count, numbers } from "../layers/support.js";

const [B, T, U] = [2, 6, 4] as const;
const CPU = { use_cudnn: false, return_sequences: true } as const;

/** Layers of which each output has as many elements as the inputs, (B, T, U), or twice as many. */
const LAYERS = {
  "a Bidirectional": () => new Bidirectional(new GRU(U, CPU)),
  "a Bidirectional that sums": () => new Bidirectional(new GRU(U, CPU), { merge_mode: "sum" }),
  "a Bidirectional of two outputs": () => new Bidirectional(new GRU(U, CPU), { merge_mode: null }),
  "a Bidirectional in float16": () => new Bidirectional(new GRU(U, { ...CPU, dtype: "float16" }), { dtype: "float16" }),
  "a stack": () => new GRUStack([new GRU(U, CPU), new GRU(U, CPU)]),
};

const listed = (results: Tensor | readonly Tensor[]) => [results].flat() as Tensor[];
const mask = Uint8Array.from({ length: B * T }, (_, i) => Number(i % 4 !== 1));

describe.each(Object.entries(LAYERS))("`out` of %s", (_name, make) => {
  const layer = make();
  const half = layer instanceof Bidirectional && layer.dtype === "float16";
  layer.build([null, null, U]);
  layer.setWeights(layer.weights.map(({ shape }, index) => numbers(count(shape), 3 + index)));
  const dtype = half ? "float16" : "float32";
  const kind = half ? Uint16Array : Float32Array;
  const given = Float32Array.from(numbers(B * T * U, 1));
  const values = half ? Uint16Array.from(given, (value) => (value > 0 ? 0x3800 : 0xb400)) : given;
  const state = half ? new Uint16Array(B * U).fill(0x3400) : new Float32Array(B * U).fill(0.25);
  const call = (data: typeof values, args: object) =>
    listed(layer.call(tensor(data as Float32Array, [B, T, U], dtype as "float32"), args) as Tensor | Tensor[]);
  const start = (data: typeof state) =>
    Array.from({ length: 2 }, () => tensor(data as Float32Array, [B, U], dtype as "float32"));
  const expected = call(values.slice(), { initial_state: start(state.slice()), mask: tensor(mask, [B, T]) });

  /** Computes with arrays that lie in `memory` at these offsets, in elements. */
  function inMemory(memory: ArrayBufferLike, at: { inputs: number; state: number; mask: number; out: number[] }) {
    const place = (offset: number, length: number) =>
      new kind(memory as ArrayBuffer, offset * kind.BYTES_PER_ELEMENT, length) as typeof values;
    const [x, h] = [place(at.inputs, values.length), place(at.state, state.length)];
    const m = new Uint8Array(memory as ArrayBuffer, at.mask * kind.BYTES_PER_ELEMENT, mask.length);
    const out = expected.map(({ data }, index) => place(at.out[index] as number, data.length));
    x.set(values as never);
    h.set(state as never);
    m.set(mask);
    const args = { initial_state: start(h), mask: tensor(m, [B, T]), out: out.length === 1 ? out[0] : out };
    const results = call(x, args);
    expect(results.map(({ data }) => data.buffer)).toEqual(out.map(({ buffer }) => buffer));
    expect(out.map((one) => [...one])).toEqual(expected.map(({ data }) => [...data]));
  }

  const ends = { inputs: 0, state: 300, mask: 340 };

  it.each([
    ["of its own", [1000, 1200]],
    ["over the inputs", [0, 1000]],
    ["over a part of the inputs", [B * T * U - 3, 1000]],
    ["over the initial states", [298, 1000]],
    ["over the mask", [341, 1000]],
  ])("memory %s has the numbers of a new array", (_where, out) => {
    inMemory(new ArrayBuffer(8000), { ...ends, out });
    inMemory(new SharedArrayBuffer(8000), { ...ends, out });
  });
});
