import { allocate } from "../../arguments/memory.js";
import type { Dtype } from "../../keras/dtype_policy.js";
import type { FloatArray, NativeArray } from "../../native/arrays.js";
import { isSixteenBit, narrowed, widened } from "../../native/sixteen_bit.js";

/** The type of the arrays that hold values of `dtype` between two layers: float32 where `dtype` has 16 bits. */
export function nativeDtype(dtype: Dtype): "float32" | "float64" {
  return dtype === "float64" ? "float64" : "float32";
}

/** Rounds values to `dtype` if it has 16 bits. Returns `values` itself otherwise. */
export function roundedTo(values: NativeArray, dtype: Dtype): NativeArray {
  return isSixteenBit(dtype) ? widened(narrowed(values as Float32Array, dtype), dtype) : values;
}

/** Returns values of dtype `from`, in the form that the kernels compute in, as values of dtype `to`. */
export function castTo(values: NativeArray, from: Dtype, to: Dtype): NativeArray {
  if (from === to) return values;
  const type = nativeDtype(to);
  let cast = values;
  if (type !== nativeDtype(from)) {
    cast = allocate(type, values.length, "values of another dtype");
    cast.set(values);
  }
  // A 16-bit type holds all numbers of no other 16-bit type.
  return roundedTo(cast, to);
}

/**
 * Returns the inputs of a half. `values` have dtype `from`, and are bits when it has 16 bits and they are a
 * `Uint16Array`.
 */
export function inputsAs(values: FloatArray, from: Dtype, to: Dtype): FloatArray {
  if (from === to) return values;
  const numbers = values instanceof Uint16Array ? widened(values, from as "float16" | "bfloat16") : values;
  return castTo(numbers, from, to);
}

/** Returns the sum of gradients of dtype `dtype`, rounded to it. May write to the first. */
export function summed(gradients: readonly NativeArray[], dtype: Dtype): NativeArray {
  const [first, ...others] = gradients as [NativeArray, ...NativeArray[]];
  for (const other of others) {
    for (let i = 0; i < first.length; i++) first[i] = (first[i] as number) + (other[i] as number);
  }
  return others.length === 0 ? first : roundedTo(first, dtype);
}
