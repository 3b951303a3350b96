import type { Dtype } from "../keras/dtype_policy.js";
import type { NativeArray } from "../native.js";
import { isSixteenBit, narrowed, widened } from "../sixteen_bit.js";
import type { FloatArray, TensorDtype, TypedArray } from "../tensor.js";
import { expectedText } from "./messages.js";
import type { ReadTensor } from "./tensor_like.js";
import { ARRAY_TYPES, isShared } from "./typed_array.js";

/**
 * A new array with the elements of `data`, which are `from`, as `to`. To 16 bits they go by way of float32, as in
 * TensorFlow; `"bool"` is 1 for everything but zero.
 */
export function converted(data: TypedArray, from: TensorDtype, to: Dtype): FloatArray;
export function converted(data: TypedArray, from: TensorDtype, to: TensorDtype): TypedArray;
export function converted(data: TypedArray, from: TensorDtype, to: TensorDtype): TypedArray {
  if (from === to) return data.slice();
  const wide = isSixteenBit(from) ? widened(data as Uint16Array, from) : data;
  if (to === "bool") return Uint8Array.from(wide, (value) => (value === 0 ? 0 : 1));
  if (!isSixteenBit(to)) return wide !== data && to === "float32" ? wide : new ARRAY_TYPES[to](wide);
  return narrowed(wide instanceof Float32Array && !isShared(wide) ? wide : new Float32Array(wide), to);
}

/** Elements of `dtype` as the kernels take them: 16-bit ones as a new array of float32. */
export function kernelArray(data: FloatArray, dtype: Dtype): NativeArray {
  return isSixteenBit(dtype) ? widened(data as Uint16Array, dtype) : (data as NativeArray);
}

/**
 * Where elements of 16 bits are wanted, throws `ERR_DTYPE` for a `Uint16Array` whose tensor does not say whether it holds
 * numbers or bits.
 */
export function requireNamed(read: ReadTensor, wanted: Dtype, name: string): void {
  if (!isSixteenBit(wanted) || read.dtype !== "uint16" || read.named) return;
  throw expectedText(
    "ERR_DTYPE",
    `${name}.dtype`,
    `"${wanted}" (the Uint16Array holds bits) or "uint16" (it holds numbers)`,
    "none",
  );
}
