import { converted } from "./arguments/convert.js";
import { expected, formatShape } from "./arguments/messages.js";
import { readNested } from "./arguments/nested.js";
import { elementCount } from "./arguments/shapes.js";
import { bitsOf, dtypeOfArray, dtypeOfName, isTypedArray, requireLength } from "./arguments/typed_array.js";
import { isSixteenBit } from "./sixteen_bit.js";
import { type NestedBooleans, type NestedNumbers, Tensor, type TensorDtype, type TypedArray } from "./tensor.js";

/**
 * Makes a tensor.
 *
 * A typed array is wrapped, not copied, unless `dtype` asks for another element type; `shape` defaults to one dimension.
 * The bits of 16-bit elements come in a `Uint16Array` with dtype `"float16"` or `"bfloat16"`. Nested arrays (or, with `shape`, a flat list) of numbers give float32 and of booleans give bool, unless `dtype` says
 * otherwise.
 *
 * Throws `ERR_SHAPE` for ragged nesting or a shape that does not fit the data, `ERR_DTYPE` for elements of another kind.
 */
export function tensor(data: Float32Array, shape?: readonly number[]): Tensor<Float32Array>;
export function tensor(data: Float64Array, shape?: readonly number[]): Tensor<Float64Array>;
export function tensor(
  data: TypedArray | readonly NestedNumbers[] | readonly NestedBooleans[],
  shape: readonly number[] | undefined,
  dtype: "float32",
): Tensor<Float32Array>;
export function tensor(
  data: TypedArray | readonly NestedNumbers[] | readonly NestedBooleans[],
  shape: readonly number[] | undefined,
  dtype: "float64",
): Tensor<Float64Array>;
export function tensor(
  data: TypedArray | readonly NestedNumbers[] | readonly NestedBooleans[],
  shape: readonly number[] | undefined,
  dtype: "float16" | "bfloat16",
): Tensor<Uint16Array>;
export function tensor(
  data: TypedArray | readonly NestedNumbers[] | readonly NestedBooleans[],
  shape?: readonly number[],
  dtype?: TensorDtype,
): Tensor;
export function tensor(data: unknown, shape?: unknown, dtype?: unknown): Tensor {
  if (shape !== undefined && !Array.isArray(shape)) {
    throw expected("ERR_SHAPE", "shape", "an array of dimensions", shape);
  }
  const wanted = dtype === undefined ? undefined : dtypeOfName(dtype, "dtype");
  const read = readElements(data, wanted);
  if (shape === undefined) return new Tensor(read.data, read.shape, read.dtype);
  requireLength(read.data, elementCount(shape, "tensor"), "data", formatShape(shape));
  return new Tensor(read.data, [...shape], read.dtype);
}

function readElements(
  data: unknown,
  wanted: TensorDtype | undefined,
): { data: TypedArray; shape: number[]; dtype: TensorDtype } {
  if (Array.isArray(data)) return readNested(data, "data", wanted);
  if (!isTypedArray(data)) throw expected("ERR_ARGUMENT", "data", "a typed array or nested arrays", data);
  const dtype = dtypeOfArray(data, "data");
  const shape = [data.length];
  const elements = bitsOf(data);
  if (wanted === undefined || wanted === dtype) return { data: elements, shape, dtype };
  if (dtype === "uint16" && isSixteenBit(wanted)) return { data: elements, shape, dtype: wanted };
  return { data: converted(elements, dtype, wanted), shape, dtype: wanted };
}
