// First, because the package asks for the language's own getters when it is loaded.
import "./float16_runtime.js";
import type { GRU, Tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { bitsOf } from "../golden/sixteen_bit.js";
import { float16Array } from "./float16_runtime.js";
import { count, expectError, layer, numbers } from "./support.js";

const B = 2;
const T = 3;
const F = 4;
const U = 5;
const shape = [B, T, F];
const half = (dims: number[], seed: number) =>
  Uint16Array.from(numbers(count(dims), seed), (value) => bitsOf(value, "float16"));
const bits = half(shape, 1);
const named = { data: bits, shape, dtype: "float16" };
const make = () => layer(U, F, { dtype: "float16", return_state: true }) as GRU<true>;

/** The bits of an array, whatever class it is of. */
const bitsIn = (array: Uint16Array) => new Uint16Array(array.buffer);

describe("a Float16Array stands for its bits", () => {
  it("as inputs, mask and initial state", () => {
    const gru = make();
    const state = half([B, U], 2);
    const mask = Uint16Array.of(0x3c00, 0, 0x3c00, 0x8000, 0x3c00, 0x3c00);
    const wanted = gru.call(named, {
      initial_state: { data: state, shape: [B, U], dtype: "float16" },
      mask: { data: mask, shape: [B, T], dtype: "float16" },
    });
    const args = { initial_state: float16Array(state), mask: { data: float16Array(mask), shape: [B, T] } };
    for (const dtype of [undefined, "float16"]) {
      expect(gru.call({ data: float16Array(bits), shape, ...(dtype ? { dtype } : {}) }, args)).toEqual(wanted);
    }
    expectError(() => gru.call({ data: float16Array(bits), shape, dtype: "bfloat16" }), "ERR_DTYPE", /inputs\.dtype/);
    expectError(() => gru.call({ data: float16Array(bits), shape, dtype: "uint16" }), "ERR_DTYPE", /inputs\.dtype/);
  });

  it("as inputs of other layers, by its numbers", () => {
    for (const dtype of ["float32", "float64", "bfloat16"]) {
      const gru = layer(U, F, { dtype });
      expect(gru.call({ data: float16Array(bits), shape })).toEqual(gru.call(named));
    }
  });

  it("as out, which is written through it", () => {
    const gru = make();
    const wanted = gru.call(named).map(({ data }) => data);
    const out = [float16Array(new Uint16Array(B * U)), float16Array(new Uint16Array(B * U))] as const;
    const [output, state] = gru.call(named, { out: [out[0], { data: out[1], shape: [B, U] }] });
    expect(out.map(bitsIn)).toEqual(wanted);
    expect([output.data.constructor, output.data.buffer, state.data.buffer]).toEqual([
      Uint16Array,
      out[0].buffer,
      out[1].buffer,
    ]);
    const bfloat16 = layer(U, F, { dtype: "bfloat16" });
    expectError(() => bfloat16.call(named, { out: float16Array(new Uint16Array(B * U)) }), "ERR_DTYPE", /`out`/);
  });

  it("as weights", () => {
    const gru = make();
    const other = layer(U, F, { dtype: "float16" }, 70);
    const weights = other.getWeights() as Tensor<Uint16Array>[];
    gru.setWeights(weights.map(({ data }) => float16Array(data)));
    expect(gru.getWeights()).toEqual(weights);
    const float32 = layer(U, F);
    float32.setWeights(weights.map(({ data, shape: dims }) => ({ data: float16Array(data), shape: dims })));
    expect(float32.kernel.value.toArray()).toEqual(gru.kernel.value.toArray());
  });

  it("in an asynchronous call that takes it away", async () => {
    const gru = make();
    const given = float16Array(bits);
    const wanted = gru.call(named);
    expect(await gru.callAsync({ data: given, shape }, { transfer: true })).toEqual(wanted);
    expect(given.length).toBe(0);
    expectError(() => gru.call({ data: given, shape }), "ERR_ARGUMENT", /detached/);
  });
});
