// Widening of 16-bit floating-point bits.
import { describe, expect, it } from "vitest";
import { widenBfloat16, widenFloat16 } from "../../dist/formats/half.js";

const widen16 = (bits: number) => widenFloat16(Uint16Array.of(bits))[0]!;

describe("float16", () => {
  it.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
    [0x7c01, Number.NaN],
    [0xfe00, Number.NaN],
  ])("bits 0x%s", (bits, value) => {
    expect(widen16(bits)).toBe(value);
  });

  it("keeps the order of all finite values and their signs apart", () => {
    const positive = widenFloat16(Uint16Array.from({ length: 0x7c00 }, (_, bits) => bits));
    for (let bits = 1; bits < positive.length; bits += 1) expect(positive[bits]! > positive[bits - 1]!).toBe(true);
    const negative = widenFloat16(Uint16Array.from({ length: 0x7c00 }, (_, bits) => bits | 0x8000));
    expect(negative).toEqual(positive.map((value) => -value));
  });
});

describe("bfloat16", () => {
  it("is the upper half of a float32", () => {
    const values = [0, -0, 1, -2.5, 3.3895313892515355e38, Number.POSITIVE_INFINITY, Number.NaN, 9.183549615799121e-41];
    const bits = Uint16Array.from(values, (value) => new Uint32Array(Float32Array.of(value).buffer)[0]! >>> 16);
    expect(Array.from(widenBfloat16(bits))).toEqual(values);
  });
});
