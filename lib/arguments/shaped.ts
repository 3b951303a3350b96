import { formatShape } from "../errors/describe.js";
import { expectedShape } from "../errors/messages.js";
import type { Dtype } from "../keras/dtype_policy.js";
import { isSixteenBit } from "../native/sixteen_bit.js";
import type { FloatArray, TensorLike, TypedArray } from "../tensor/tensor.js";
import { converted, requireNamed } from "./convert.js";
import { isSteady } from "./intrinsics.js";
import { sameShape } from "./shapes.js";
import { elementsOf, type ReadTensor, readTensor } from "./tensor_like.js";
import { dtypeOfArray, isTypedArray, requireLength } from "./typed_array.js";

/** A tensor, or a bare typed array with the elements of a shape that is known. */
export type WeightValue = TensorLike | TypedArray;

/**
 * Reads the description of a value whose shape is known: a tensor of that shape or a bare typed array of that many elements
 * (of which a `Uint16Array` holds bits where `dtype` has 16). Copies nothing.
 *
 * Throws `ERR_SHAPE`, `ERR_DTYPE` or `ERR_ARGUMENT`, naming `name`.
 */
export function checkShaped(
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
 * The elements of `read` as dense data of `dtype`. With `copy` they are always memory of their own; otherwise they may be
 * the caller's, though never memory that other threads share or whose size may change.
 */
export function shapedElements(read: ReadTensor, dtype: Dtype, copy: boolean): FloatArray {
  const { data, owned } = elementsOf(read);
  if (read.dtype === dtype && (owned || (!copy && isSteady(data)))) return data as FloatArray;
  return converted(data, read.dtype, dtype, read.name);
}

/** Reads a value whose shape is known, as `checkShaped` and `shapedElements` do. */
export function readShaped(
  value: unknown,
  shape: readonly number[],
  count: number,
  dtype: Dtype,
  name: string,
  copy: boolean,
): FloatArray {
  return shapedElements(checkShaped(value, shape, count, dtype, name), dtype, copy);
}

/** A state that comes in a list of one, as Keras gives them, taken out of it; nested arrays are no such list. */
export function unwrap(value: unknown): unknown {
  if (!Array.isArray(value) || value.length !== 1) return value;
  const entry: unknown = value[0];
  return isRow(entry) ? value : entry;
}

function isRow(entry: unknown): boolean {
  if (!Array.isArray(entry)) return false;
  const first: unknown = entry[0];
  return !Array.isArray(first) && !isTypedArray(first);
}
