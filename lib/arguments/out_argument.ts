import { expected, expectedShape } from "../errors/messages.js";
import type { Dtype } from "../keras/dtype_policy.js";
import { kindOf, lengthOf, ordinaryArray, overlap, viewOf } from "../native/intrinsics.js";
import { isSixteenBit } from "../native/sixteen_bit.js";
import { isRecord } from "../options/record.js";
import { type FloatArray, Tensor, type TensorObject } from "../tensor/tensor.js";
import { sameShape } from "./shapes.js";
import { readTensor } from "./tensor_like.js";
import { dtypeOfArray, isTypedArray, requireLength } from "./typed_array.js";

/** An array or tensor that a result is written to, in place of a new one. */
export type OutTensor = FloatArray | TensorObject;

/** The argument `out` of a call: one tensor, or `[output, state]` with `return_state`. */
export type Out<S extends boolean> = S extends true ? readonly [output: OutTensor, state: OutTensor] : OutTensor;

/** The memory that one result is written to. */
export interface OutTarget {
  /** The memory, as an array of a built-in class. */
  readonly data: FloatArray;
  /** The tensor that the call returns: the caller's own tensor, or a tensor over the caller's array. */
  readonly tensor: Tensor<FloatArray>;
}

/** The argument `out` after it was read: memory of the caller, in the shapes and dtype of the results. */
export interface ReadOut {
  readonly output: OutTarget;
  readonly state: OutTarget | null;
}

/**
 * Reads `out` for results of these shapes. `stateShape` is `null` without `return_state`. Throws `ERR_ARGUMENT`,
 * `ERR_SHAPE` or `ERR_DTYPE`.
 */
export function readOut(value: unknown, outputShape: number[], stateShape: number[] | null, dtype: Dtype): ReadOut {
  if (stateShape === null) return { output: readOutTensor(value, outputShape, dtype, "out"), state: null };
  if (!Array.isArray(value) || value.length !== 2) {
    throw expected("ERR_ARGUMENT", "out", "[output, state], because `return_state` is true,", value);
  }
  const output = readOutTensor(value[0], outputShape, dtype, "out[0]");
  const state = readOutTensor(value[1], stateShape, dtype, "out[1]");
  if (overlap(output.data, state.data)) {
    throw expected("ERR_ARGUMENT", "out", "two tensors without common memory", value);
  }
  return { output, state };
}

/**
 * Reads one tensor of this shape and dtype that a result is written to. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or
 * `ERR_DTYPE`.
 */
export function readOutTensor(value: unknown, shape: number[], dtype: Dtype, name: string): OutTarget {
  let count = 1;
  for (const size of shape) count *= size;
  if (isTypedArray(value)) {
    const kind = dtypeOfArray(value, name);
    if (kind !== dtype && !(kind === "uint16" && isSixteenBit(dtype))) {
      throw expected("ERR_DTYPE", name, `${dtype} elements`, value);
    }
    if (lengthOf(value) !== count) requireLength(value, count, name, `[${shape.join(", ")}]`);
    return targetOver(value as FloatArray, shape, dtype);
  }
  if (!isRecord(value)) throw expected("ERR_ARGUMENT", name, "a tensor or typed array to write to", value);
  const read = readTensor(value, name, dtype);
  if (read.dtype !== dtype && !(read.dtype === "uint16" && !read.named && isSixteenBit(dtype))) {
    throw expected("ERR_DTYPE", name, `a ${dtype} tensor`, value);
  }
  if (!sameShape(read.shape, shape)) throw expectedShape(name, `shape [${shape.join(", ")}]`, read.shape);
  const { layout } = read;
  if (layout !== null && layout.steps !== null) {
    throw expected("ERR_ARGUMENT", name, "a contiguous tensor to write to", value);
  }
  const given = read.given as FloatArray;
  if (value instanceof Tensor) return { data: ordinaryArray(given) as FloatArray, tensor: value as Tensor<FloatArray> };
  return targetOver(layout === null ? given : (viewOf(given, layout.start, count) as FloatArray), shape, dtype);
}

/** Makes the target over the caller's array. The tensor holds that array itself unless it is a `Float16Array`. */
function targetOver(array: FloatArray, shape: number[], dtype: Dtype): OutTarget {
  const data = ordinaryArray(array) as FloatArray;
  return { data, tensor: new Tensor(kindOf(array) === "Float16Array" ? data : array, shape, dtype) };
}
