import { isSixteenBit, narrowed, rounded, widened } from "../../native/sixteen_bit.js";
import type { TypedArray } from "../../tensor/tensor.js";
import type { Builder } from "../compile/builder.js";
import { type KerasDtype, type SymbolicTensor, storageType } from "../compile/symbolic.js";

/** Returns the number of `dtype` that is nearest to `value`, if that is a 16-bit type, else `value`. */
export function inDtype(value: number, dtype: KerasDtype): number {
  return isSixteenBit(dtype) ? rounded(value, dtype) : value;
}

/** Returns numbers in an array for memory of `dtype`, rounded to it. */
function arrayFor(values: ArrayLike<number>, dtype: KerasDtype): TypedArray {
  switch (storageType(dtype)) {
    case "float64":
      return Float64Array.from(values);
    case "float32": {
      const floats = Float32Array.from(values);
      return isSixteenBit(dtype) ? widened(narrowed(floats, dtype), dtype) : floats;
    }
    case "int32":
      return Int32Array.from(values);
    default:
      return Uint8Array.from(values, (value) => (value === 0 ? 0 : 1));
  }
}

/** Returns a constant of this shape, for numbers that are few. They are rounded to `dtype`. */
export function constantOf(
  builder: Builder,
  values: ArrayLike<number>,
  shape: readonly number[],
  dtype: KerasDtype,
): SymbolicTensor {
  return builder.constant(arrayFor(values, dtype), shape, dtype);
}
