import type { TypedArray } from "../../tensor/tensor.js";
import type { Builder } from "../compile/builder.js";
import { type KerasDtype, type SymbolicTensor, storageType } from "../compile/symbolic.js";

/** Returns numbers in an array for memory of `dtype`. The numbers are not rounded to 16 bits. */
export function arrayFor(values: ArrayLike<number>, dtype: KerasDtype): TypedArray {
  switch (storageType(dtype)) {
    case "float64":
      return Float64Array.from(values);
    case "float32":
      return Float32Array.from(values);
    case "int32":
      return Int32Array.from(values);
    default:
      return Uint8Array.from(values, (value) => (value === 0 ? 0 : 1));
  }
}

/** Returns a constant of this shape, for numbers that are few. */
export function constantOf(
  builder: Builder,
  values: ArrayLike<number>,
  shape: readonly number[],
  dtype: KerasDtype,
): SymbolicTensor {
  return builder.constant(arrayFor(values, dtype), shape, dtype);
}
