import type { NativeHalf } from "./binding.js";
import { native } from "./load.js";

/** Floating-point types of 16 bits. JavaScript has no numbers of theirs: their arrays hold bits, in a `Uint16Array`. */
export type SixteenBitDtype = NativeHalf;

/** True for `"float16"` and `"bfloat16"`. */
export function isSixteenBit(dtype: string): dtype is SixteenBitDtype {
  return dtype === "float16" || dtype === "bfloat16";
}

/** The numbers that `bits` stand for, exactly; a NaN stays one. */
export function widened(bits: Uint16Array, dtype: SixteenBitDtype): Float32Array {
  const out = new Float32Array(bits.length);
  // The addon never reads memory that other threads share.
  if (bits.length > 0) native().widen(out, bits.buffer instanceof ArrayBuffer ? bits : new Uint16Array(bits), dtype);
  return out;
}

/** Bits of the nearest numbers of `dtype`, ties to even; what is too large becomes infinite, a NaN stays one. */
export function narrowed(values: Float32Array, dtype: SixteenBitDtype): Uint16Array {
  const out = new Uint16Array(values.length);
  narrowInto(out, values, dtype);
  return out;
}

/** As `narrowed`, into `out`, which has as many elements. */
export function narrowInto(out: Uint16Array, values: Float32Array, dtype: SixteenBitDtype): void {
  if (values.length > 0) native().narrow(out, values, dtype);
}

/** The number of `dtype` nearest to `value`. */
export function rounded(value: number, dtype: SixteenBitDtype): number {
  return widened(narrowed(Float32Array.of(value), dtype), dtype)[0] as number;
}
