import { expectedText } from "../errors/messages.js";
import type { Dtype } from "../keras/dtype_policy.js";
import type { NativeArray } from "../native/binding.js";
import { isSixteenBit, narrowed, widened } from "../native/sixteen_bit.js";
import type { FloatArray, TensorDtype, TypedArray } from "../tensor/tensor.js";
import { isSteady, viewOf, writeTo } from "./intrinsics.js";
import { allocate } from "./memory.js";
import type { ReadTensor } from "./tensor_like.js";

/**
 * A new array with the elements of `data`, which are `from`, as `to`. To 16 bits they go by way of float32, as in
 * TensorFlow; `"bool"` is 1 for everything but zero. Throws `ERR_OUT_OF_MEMORY`.
 */
export function converted(data: TypedArray, from: TensorDtype, to: Dtype, name: string): FloatArray;
export function converted(data: TypedArray, from: TensorDtype, to: TensorDtype, name: string): TypedArray;
export function converted(data: TypedArray, from: TensorDtype, to: TensorDtype, name: string): TypedArray {
  const source = viewOf(data);
  if (from === to) return copied(source, to, name);
  const wide = isSixteenBit(from) ? widened(source as Uint16Array, from) : source;
  if (to === "bool") {
    const truths = allocate(to, wide.length, name);
    for (let i = 0; i < truths.length; i++) truths[i] = wide[i] === 0 ? 0 : 1;
    return truths;
  }
  if (!isSixteenBit(to)) return wide !== source && to === "float32" ? wide : copied(wide, to, name);
  const floats =
    wide instanceof Float32Array && (wide !== source || isSteady(source)) ? wide : copied(wide, "float32", name);
  return narrowed(floats as Float32Array, to);
}

function copied(data: TypedArray, to: TensorDtype, name: string): TypedArray {
  const copy = allocate(to, data.length, name);
  writeTo(copy, data);
  return copy;
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
