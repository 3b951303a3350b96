import type { Dtype } from "../keras/dtype_policy.js";
import { isSixteenBit } from "../sixteen_bit.js";
import type { FloatArray, TensorLike, TypedArray } from "../tensor.js";
import { converted, requireNamed } from "./convert.js";
import { expectedShape, formatShape } from "./messages.js";
import { sameShape } from "./shapes.js";
import { readTensor } from "./tensor_like.js";
import { bitsOf, dtypeOfArray, isShared, isTypedArray, requireLength } from "./typed_array.js";

/** A tensor, or a bare typed array with the elements of a shape that is known. */
export type WeightValue = TensorLike | TypedArray;

/**
 * Reads a value whose shape is known, as dense data of `dtype`: a tensor of that shape or a bare typed array of that
 * many elements (of which a `Uint16Array` holds bits where `dtype` has 16). With `copy` the result is always memory of its own; otherwise it may be the caller's,
 * though never memory that other threads share.
 *
 * Throws `ERR_SHAPE`, `ERR_DTYPE` or `ERR_ARGUMENT`, naming `name`.
 */
export function readShaped(
  value: unknown,
  shape: readonly number[],
  count: number,
  dtype: Dtype,
  name: string,
  copy: boolean,
): FloatArray {
  if (isTypedArray(value)) {
    const kind = dtypeOfArray(value, name);
    const given = kind === "uint16" && isSixteenBit(dtype) ? dtype : kind;
    requireLength(value, count, name, formatShape(shape));
    const bare = bitsOf(value);
    return given === dtype && !copy && !isShared(bare) ? (bare as FloatArray) : converted(bare, given, dtype);
  }
  const read = readTensor(value, name, dtype);
  if (!sameShape(read.shape, shape)) throw expectedShape(name, `shape ${formatShape(shape)}`, read.shape);
  requireNamed(read, dtype, name);
  if (read.dtype === dtype && (read.owned || !(copy || isShared(read.data)))) return read.data as FloatArray;
  return converted(read.data, read.dtype, dtype);
}

/** A state that comes in a list of one, as Keras gives them, taken out of it; nested arrays are no such list. */
export function unwrap(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 && !isRow(value[0]) ? value[0] : value;
}

function isRow(entry: unknown): boolean {
  return Array.isArray(entry) && !Array.isArray(entry[0]) && !isTypedArray(entry[0]);
}
