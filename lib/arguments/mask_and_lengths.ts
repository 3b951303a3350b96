import { expected, expectedShape, expectedText } from "../errors/messages.js";
import { isSteady, kindOf, lengthOf } from "../native/intrinsics.js";
import { isSixteenBit } from "../native/sixteen_bit.js";
import type { NestedBooleans, TensorObject } from "../tensor/tensor.js";
import { allocate } from "./memory.js";
import { elementsOf, type ReadTensor, readTensor } from "./tensor_like.js";
import { requireAttached } from "./typed_array.js";

/**
 * A mask: booleans of shape (batch, timesteps) or (batch, timesteps, 1). They are nested arrays, or a tensor of any
 * dtype whose non-zero elements mean true.
 */
export type MaskLike = TensorObject | readonly NestedBooleans[];

/** All bits of a 16-bit float except the sign, so that -0 means false too. */
const MAGNITUDE = 0x7fff;

/** A mask whose shape has been read. Its elements have not. */
export interface ReadMask {
  readonly read: ReadTensor;
  readonly batch: number;
  readonly timesteps: number;
}

/** Reads the description of a mask. Throws `ERR_SHAPE`, `ERR_DTYPE` or `ERR_ARGUMENT`, naming `mask`. */
export function readMask(value: unknown): ReadMask {
  const read = readTensor(value, "mask", "bool");
  const { shape } = read;
  if (shape.length !== 2 && !(shape.length === 3 && shape[2] === 1)) {
    throw expectedShape("mask", "shape [batch, timesteps] or [batch, timesteps, 1]", shape);
  }
  return { read, batch: shape[0] as number, timesteps: shape[1] as number };
}

/** Throws `ERR_SHAPE` unless the mask fits inputs of these sizes. */
export function checkMaskShape(mask: ReadMask, batch: number, timesteps: number): void {
  if (mask.batch === batch && mask.timesteps === timesteps) return;
  const wanted = `shape [${batch}, ${timesteps}] (the inputs' batch and timesteps)`;
  throw expectedShape("mask", wanted, [mask.batch, mask.timesteps]);
}

/**
 * Returns the mask as bytes, row-major, where non-zero means true. Without `copy`, bytes in memory of this thread alone
 * are returned themselves. Everything else is copied. Throws the errors of `elementsOf`.
 */
export function maskBytes({ read }: ReadMask, copy: boolean): Uint8Array {
  const { data, owned } = elementsOf(read);
  if (data instanceof Uint8Array && (owned || (!copy && isSteady(data)))) return data;
  const { count, dtype } = read;
  const bytes = allocate("uint8", count, "mask") as Uint8Array;
  const bits = isSixteenBit(dtype) ? MAGNITUDE : null;
  for (let i = 0; i < count; i++) {
    const element = data[i] as number;
    bytes[i] = (bits === null ? element : element & bits) === 0 ? 0 : 1;
  }
  return bytes;
}

/**
 * Reads `lengths`: one integer per row, 0..`timesteps`. `batch` and `timesteps` are `null` when they are not known.
 * Without `copy`, an `Int32Array` in memory of this thread alone is returned itself, because the addon copies it and
 * checks the copy.
 *
 * Throws `ERR_SHAPE` for a wrong number of rows and `ERR_ARGUMENT` for a bad value.
 */
export function readLengths(value: unknown, batch: number | null, timesteps: number | null, copy: boolean): Int32Array {
  const array = kindOf(value as object) === "Int32Array" ? (value as Int32Array) : null;
  if (array === null && !Array.isArray(value)) {
    throw expected("ERR_ARGUMENT", "lengths", "an Int32Array or an array of integers", value);
  }
  if (array !== null) requireAttached(array, "lengths");
  const rows = array === null ? (value as unknown[]).length : lengthOf(array);
  if (batch !== null && rows !== batch) {
    throw expectedText("ERR_SHAPE", "lengths", `one length for each of ${batch} rows`, `${rows} lengths`);
  }
  const kept = array !== null && !copy && isSteady(array);
  const lengths = kept ? array : (allocate("int32", rows, "lengths") as Int32Array);
  const largest = timesteps ?? 2 ** 31 - 1;
  for (let row = 0; row < rows; row++) {
    const length: unknown = (value as ArrayLike<unknown>)[row];
    if (!Number.isInteger(length) || (length as number) < 0 || (length as number) > largest) {
      throw expected("ERR_ARGUMENT", `lengths[${row}]`, `an integer from 0 to ${largest}`, length);
    }
    if (!kept) lengths[row] = length as number;
  }
  return lengths;
}
