import { formatShape } from "../errors/describe.js";
import { expectedShape } from "../errors/messages.js";
import type { Dtype } from "../keras/dtype_policy.js";
import { isSteady } from "../native/intrinsics.js";
import { isSixteenBit } from "../native/sixteen_bit.js";
import type { FloatArray, TensorLike, TypedArray } from "../tensor/tensor.js";
import { converted, requireNamed } from "./convert.js";
import { sameShape } from "./shapes.js";
import { elementsOf, type ReadTensor, readTensor } from "./tensor_like.js";
import { dtypeOfArray, isTypedArray, requireLength } from "./typed_array.js";

/** The value of a weight: a tensor, or a bare typed array with as many elements as the weight. */
export type WeightValue = TensorLike | TypedArray;

/**
 * Reads the description of a value whose shape is known. The value is a tensor of that shape or a bare typed array with
 * as many elements. When `dtype` has 16 bits, a bare `Uint16Array` holds bits. Copies nothing.
 *
 * Throws `ERR_SHAPE`, `ERR_DTYPE` or `ERR_ARGUMENT`, naming `name`.
 */
export function readWithShape(
  value: unknown,
  shape: readonly number[],
  count: number,
  dtype: Dtype,
  name: string,
): ReadTensor {
  if (isTypedArray(value)) {
    const kind = dtypeOfArray(value, name);
    const given = kind === "uint16" && isSixteenBit(dtype) ? dtype : kind;
    requireLength(value, count, name, formatShape(shape));
    return { name, shape, count, dtype: given, named: true, given: value, layout: null, nested: null };
  }
  const read = readTensor(value, name, dtype);
  if (!sameShape(read.shape, shape)) throw expectedShape(name, `shape ${formatShape(shape)}`, read.shape);
  requireNamed(read, dtype, name);
  return read;
}

/**
 * Returns the elements of `read` as dense data of `dtype`. With `copy` the result is always new memory. Otherwise it
 * may be the caller's memory, but never memory that other threads share or whose size may change.
 */
export function elementsAs(read: ReadTensor, dtype: Dtype, copy: boolean): FloatArray {
  const { data, owned } = elementsOf(read);
  if (read.dtype === dtype && (owned || (!copy && isSteady(data)))) return data as FloatArray;
  return converted(data, read.dtype, dtype, read.name);
}

/** Reads a value whose shape is known, and returns its elements as dense data of `dtype`. */
export function elementsWithShape(
  value: unknown,
  shape: readonly number[],
  count: number,
  dtype: Dtype,
  name: string,
  copy: boolean,
): FloatArray {
  return elementsAs(readWithShape(value, shape, count, dtype, name), dtype, copy);
}

/**
 * Returns the state in a list of one, which is the form that Keras returns states in. Any other value is returned
 * unchanged, and so are nested arrays with a single row.
 */
export function stateFromList(value: unknown): unknown {
  if (!Array.isArray(value) || value.length !== 1) return value;
  const entry: unknown = value[0];
  return isRow(entry) ? value : entry;
}

function isRow(entry: unknown): boolean {
  if (!Array.isArray(entry)) return false;
  const first: unknown = entry[0];
  return !Array.isArray(first) && !isTypedArray(first);
}
