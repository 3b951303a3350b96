import { isSixteenBit } from "../sixteen_bit.js";
import type { NestedBooleans, TensorObject, TypedArray } from "../tensor.js";
import { expected, expectedShape, expectedText } from "./messages.js";
import { readTensor } from "./tensor_like.js";
import { isShared, requireAttached } from "./typed_array.js";

/** Booleans, (batch, timesteps) or (batch, timesteps, 1): nested, or a tensor of any dtype where non-zero is true. */
export type MaskLike = TensorObject | readonly NestedBooleans[];

/** All but the sign of a 16-bit float: -0 is false, too. */
const MAGNITUDE = 0x7fff;

/** A mask, read: (batch, timesteps), row-major, non-zero is true. */
export interface ReadMask {
  data: Uint8Array;
  batch: number;
  timesteps: number;
}

/**
 * Reads a mask. A `Uint8Array` of its own is passed on as it is unless `copy`; everything else is copied.
 * Throws `ERR_SHAPE`, `ERR_DTYPE` or `ERR_ARGUMENT`, naming `mask`.
 */
export function readMask(value: unknown, copy: boolean): ReadMask {
  const { data, shape, owned, dtype } = readTensor(value, "mask", "bool");
  if (shape.length !== 2 && !(shape.length === 3 && shape[2] === 1)) {
    throw expectedShape("mask", "shape [batch, timesteps] or [batch, timesteps, 1]", shape);
  }
  const bytes = isSixteenBit(dtype) ? data.map((bits) => bits & MAGNITUDE) : data;
  return { data: toBytes(bytes, owned, copy), batch: shape[0] as number, timesteps: shape[1] as number };
}

/** Throws `ERR_SHAPE` unless the mask is one for inputs of these sizes. */
export function checkMaskShape(mask: ReadMask, batch: number, timesteps: number): void {
  if (mask.batch === batch && mask.timesteps === timesteps) return;
  const what = `shape [${batch}, ${timesteps}] (the inputs' batch and timesteps)`;
  throw expectedShape("mask", what, [mask.batch, mask.timesteps]);
}

function toBytes(data: TypedArray, owned: boolean, copy: boolean): Uint8Array {
  if (data instanceof Uint8Array) return owned || !(copy || isShared(data)) ? data : new Uint8Array(data);
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = data[i] === 0 ? 0 : 1;
  return bytes;
}

/**
 * Reads `lengths`: one integer per row, 0..`timesteps`. `batch` and `timesteps` are `null` where they are not known. An
 * `Int32Array` is passed on as it is unless `copy`.
 *
 * Throws `ERR_SHAPE` for another number of rows and `ERR_ARGUMENT` for another value.
 */
export function readLengths(value: unknown, batch: number | null, timesteps: number | null, copy: boolean): Int32Array {
  if (!Array.isArray(value) && !(value instanceof Int32Array)) {
    throw expected("ERR_ARGUMENT", "lengths", "an Int32Array or an array of integers", value);
  }
  if (value instanceof Int32Array) requireAttached(value, "lengths");
  if (batch !== null && value.length !== batch) {
    throw expectedText("ERR_SHAPE", "lengths", `one length for each of ${batch} rows`, `${value.length} lengths`);
  }
  const largest = timesteps ?? 2 ** 31 - 1;
  for (let row = 0; row < value.length; row++) {
    const length: unknown = value[row];
    if (!Number.isInteger(length) || (length as number) < 0 || (length as number) > largest) {
      throw expected("ERR_ARGUMENT", `lengths[${row}]`, `an integer from 0 to ${largest}`, length);
    }
  }
  return value instanceof Int32Array && !copy && !isShared(value) ? value : Int32Array.from(value);
}
