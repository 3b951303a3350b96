import type { NativeArray, NativeDtype } from "../native.js";
import type { TensorLike, TypedArray } from "../tensor.js";
import { expectedShape, formatShape } from "./messages.js";
import { sameShape } from "./shapes.js";
import { readTensor } from "./tensor_like.js";
import { ARRAY_TYPES, dtypeOfArray, isShared, isTypedArray, requireLength } from "./typed_array.js";

/** A tensor, or a bare typed array with the elements of a shape that is known. */
export type WeightValue = TensorLike | TypedArray;

/**
 * Reads a value whose shape is known, as dense data of `dtype`: a tensor of that shape or a bare typed array of that
 * many elements. With `copy` the result is always memory of its own; otherwise it may be the caller's,
 * though never memory that other threads share.
 *
 * Throws `ERR_SHAPE`, `ERR_DTYPE` or `ERR_ARGUMENT`, naming `name`.
 */
export function readShaped(
  value: unknown,
  shape: readonly number[],
  count: number,
  dtype: NativeDtype,
  name: string,
  copy: boolean,
): NativeArray {
  const Type = ARRAY_TYPES[dtype];
  if (isTypedArray(value)) {
    const given = dtypeOfArray(value, name);
    requireLength(value, count, name, formatShape(shape));
    return given === dtype && !copy && !isShared(value) ? (value as NativeArray) : new Type(value);
  }
  const read = readTensor(value, name, dtype);
  if (!sameShape(read.shape, shape)) throw expectedShape(name, `shape ${formatShape(shape)}`, read.shape);
  if (read.dtype === dtype && (read.owned || !(copy || isShared(read.data)))) return read.data as NativeArray;
  return new Type(read.data);
}

/** A state that comes in a list of one, as Keras gives them, taken out of it; nested arrays are no such list. */
export function unwrap(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 && !isRow(value[0]) ? value[0] : value;
}

function isRow(entry: unknown): boolean {
  return Array.isArray(entry) && !Array.isArray(entry[0]) && !isTypedArray(entry[0]);
}
