// First, because the package asks for the language's own getters when it is loaded.
import "../layers/float16_runtime.js";
import { type TensorDtype, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { bitsOf, numberOf } from "../golden/sixteen_bit.js";
import { float16Array, hasFloat16Array } from "../layers/float16_runtime.js";
import { expectError } from "../layers/support.js";

const DTYPES = ["float16", "bfloat16"] as const;
const EVERY = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
const isNaNBits = (bits: number, dtype: (typeof DTYPES)[number]) => Number.isNaN(numberOf(bits, dtype));

describe.each(DTYPES)("%s", (dtype) => {
  it("every bit pattern has its number", () => {
    const wide = tensor(tensor(EVERY, undefined, dtype).toArray() as number[], undefined, "float64");
    EVERY.forEach((bits) => {
      const value = wide.data[bits] as number;
      if (!Object.is(value, numberOf(bits, dtype))) expect([bits, value]).toEqual([bits, numberOf(bits, dtype)]);
    });
  });

  it("every number goes back to its bits", () => {
    const numbers = tensor(EVERY, undefined, dtype).toArray() as number[];
    const back = tensor(numbers, undefined, dtype);
    expect([back.dtype, back.data.constructor]).toEqual([dtype, Uint16Array]);
    back.data.forEach((bits, index) => {
      if (isNaNBits(index, dtype)) expect(isNaNBits(bits, dtype)).toBe(true);
      else if (bits !== index) expect([index, bits]).toEqual([index, index]);
    });
  });

  it("numbers between go to the nearest, ties to even", () => {
    const values: number[] = [];
    for (let bits = 0; bits < 0x7f80; bits += 7) {
      const low = numberOf(bits, dtype);
      const high = numberOf(bits + 1, dtype);
      if (!Number.isFinite(high)) continue;
      const middle = (low + high) / 2;
      values.push(middle, middle * (1 - 1e-7), middle * (1 + 1e-7), low + (high - low) * 0.3);
    }
    values.push(65519.99, 65520, 1e5, 3.4e38, 1e-8, 2.9e-8, 3e-8, 1e-40, 0, 1e39, Number.POSITIVE_INFINITY);
    const both = [...values, ...values.map((value) => -value)];
    const found = tensor(both, undefined, dtype).data;
    both.forEach((value, index) => {
      const wanted = bitsOf(value, dtype);
      if (found[index] !== wanted) expect([value, found[index]]).toEqual([value, wanted]);
    });
    expect(isNaNBits(tensor([Number.NaN], undefined, dtype).data[0] as number, dtype)).toBe(true);
  });

  it("a tensor wraps the bits it is given", () => {
    const bits = Uint16Array.of(1, 2, 3, 4);
    const made = tensor(bits, [2, 2], dtype);
    expect(made.data).toBe(bits);
    expect([made.dtype, made.type, made.shape]).toEqual([dtype, dtype, [2, 2]]);
  });

  it.each([
    Float32Array.of(1.5, -2, 1 / 3),
    Float64Array.of(1.5, -2, 1 / 3),
    Int32Array.of(1, -2, 70000),
    Int8Array.of(1, -2, 3),
    Uint8Array.of(1, 2, 3),
    Float32Array.from([1, 2, 3]).subarray(1),
    new Float32Array(new SharedArrayBuffer(12)).fill(0.1),
  ])("%o is converted", (data) => {
    const found = tensor(data, undefined, dtype);
    expect([...found.data]).toEqual(Array.from(data, (value) => bitsOf(value, dtype)));
  });
});

describe("a Float16Array", () => {
  const bits = Uint16Array.of(0x3c00, 0xc000, 0x3555);

  it("is seen as its bits, without a copy", () => {
    const array = float16Array(bits);
    const found = tensor(array, [3]);
    expect([found.dtype, Object.prototype.toString.call(found.data)]).toEqual(["float16", "[object Uint16Array]"]);
    expect(found.data.buffer).toBe(array.buffer);
    expect(found.toArray()).toEqual([1, -2, 0.333251953125]);
  });

  it("converts to other dtypes by its numbers", () => {
    expect([...tensor(float16Array(bits), [3], "float32").data]).toEqual([1, -2, 0.333251953125]);
    expect([...tensor(float16Array(bits), [3], "int32").data]).toEqual([1, -2, 0]);
    expect(tensor(float16Array(bits), [3], "bool").toArray()).toEqual([true, true, true]);
    const expected = [1, -2, 0.333251953125].map((value) => bitsOf(value, "bfloat16"));
    expect([...tensor(float16Array(bits), [3], "bfloat16").data]).toEqual(expected);
  });

  it.skipIf(!hasFloat16Array)("in nested rows is numbers", () => {
    expect(tensor([float16Array(bits), float16Array(bits)]).toArray()).toEqual([
      [1, -2, 0.333251953125],
      [1, -2, 0.333251953125],
    ]);
  });

  it("whose buffer is detached is refused", () => {
    const array = float16Array(bits);
    structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
    expectError(() => tensor(array), "ERR_ARGUMENT", /detached/);
  });
});

it("names of 16-bit dtypes", () => {
  expect(tensor([1], [1], "half" as TensorDtype).dtype).toBe("float16");
  expectError(() => tensor([1], [1], "bfloat" as never), "ERR_DTYPE", /bfloat16/);
});
