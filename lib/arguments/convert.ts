import { expectedText } from "../errors/messages.js";
import type { Dtype } from "../keras/dtype_policy.js";
import type { NativeArray } from "../native/binding.js";
import { isSteady, viewOf, writeTo } from "../native/intrinsics.js";
import { isSixteenBit, narrowed, widened } from "../native/sixteen_bit.js";
import type { FloatArray, TensorDtype, TypedArray } from "../tensor/tensor.js";
import { allocate } from "./memory.js";
import type { ReadTensor } from "./tensor_like.js";

/**
 * Returns a new array with the elements of `data`, converted from dtype `from` to dtype `to`. A conversion to 16 bits
 * goes through float32, as in TensorFlow. A conversion to `"bool"` turns every number except zero into 1. Throws
 * `ERR_OUT_OF_MEMORY`.
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

/** Returns elements of `dtype` in the form that the kernels take. 16-bit elements become a new float32 array. */
export function kernelArray(data: FloatArray, dtype: Dtype): NativeArray {
  return isSixteenBit(dtype) ? widened(data as Uint16Array, dtype) : (data as NativeArray);
}

/**
 * Throws `ERR_DTYPE` when 16-bit elements are wanted and the tensor of a `Uint16Array` does not say whether it holds
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
