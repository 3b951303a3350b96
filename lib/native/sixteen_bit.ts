import type { NativeHalf } from "./binding.js";
import { bufferOf, isUnshared, lengthOf } from "./intrinsics.js";
import { native } from "./load.js";

/**
 * The floating-point types with 16 bits. JavaScript has no numbers of these types, so their arrays are `Uint16Array`s
 * of bits.
 */
export type SixteenBitDtype = NativeHalf;

/** True for `"float16"` and `"bfloat16"`. */
export function isSixteenBit(dtype: string): dtype is SixteenBitDtype {
  return dtype === "float16" || dtype === "bfloat16";
}

/** Returns the exact numbers that `bits` stand for. NaN stays NaN. */
export function widened(bits: Uint16Array, dtype: SixteenBitDtype): Float32Array {
  // The bits may be the caller's array, which may have a `length` or a `buffer` of its own.
  return widenInto(new Float32Array(lengthOf(bits)), bits, dtype);
}

/** Converts as `widened` does, writes the numbers to `out`, which has as many elements, and returns `out`. */
export function widenInto(out: Float32Array, bits: Uint16Array, dtype: SixteenBitDtype): Float32Array {
  // The addon never reads memory that other threads share, so such bits are copied.
  if (lengthOf(out) > 0) native().widen(out, isUnshared(bufferOf(bits)) ? bits : new Uint16Array(bits), dtype);
  return out;
}

/**
 * Returns the bits of the nearest numbers of `dtype`, ties to even. Numbers that are too large become infinite, and NaN
 * stays NaN.
 */
export function narrowed(values: Float32Array, dtype: SixteenBitDtype): Uint16Array {
  const out = new Uint16Array(lengthOf(values));
  narrowInto(out, values, dtype);
  return out;
}

/** Converts as `narrowed` does, and writes the bits to `out`, which has as many elements. */
export function narrowInto(out: Uint16Array, values: Float32Array, dtype: SixteenBitDtype): void {
  if (lengthOf(values) > 0) native().narrow(out, values, dtype);
}

/** Returns the number of `dtype` that is nearest to `value`. */
export function rounded(value: number, dtype: SixteenBitDtype): number {
  return widened(narrowed(Float32Array.of(value), dtype), dtype)[0] as number;
}
