import { formatShape } from "../errors/describe.js";
import { expected, expectedText } from "../errors/messages.js";
import { unreadable } from "../errors/reading.js";
import { kindOf, lengthOf, viewOf } from "../native/intrinsics.js";
import { isSixteenBit } from "../native/sixteen_bit.js";
import {
  type NestedBooleans,
  type NestedNumbers,
  Tensor,
  type TensorDtype,
  type TypedArray,
} from "../tensor/tensor.js";
import { converted } from "./convert.js";
import { nestedElements, readNested } from "./nested_arrays.js";
import { elementCount, readList } from "./shapes.js";
import { dtypeOfArray, dtypeOfName, isTypedArray } from "./typed_array.js";

/**
 * Makes a tensor.
 *
 * A typed array is wrapped, not copied, unless `dtype` asks for another element type. `shape` has one dimension by
 * default. The bits of 16-bit elements come in a `Uint16Array` with dtype `"float16"` or `"bfloat16"`. Nested arrays
 * (or, with `shape`, a flat list) of numbers become float32 and of booleans become bool, unless `dtype` says otherwise.
 *
 * Throws `ERR_SHAPE` for ragged nesting or a shape that does not fit the data, and `ERR_DTYPE` for elements of another
 * kind.
 */
export function tensor(data: Float32Array, shape?: readonly number[]): Tensor<Float32Array>;
/** Makes a float64 tensor from a typed array, which is not copied. */
export function tensor(data: Float64Array, shape?: readonly number[]): Tensor<Float64Array>;
/** Makes a float32 tensor. */
export function tensor(
  data: TypedArray | readonly NestedNumbers[] | readonly NestedBooleans[],
  shape: readonly number[] | undefined,
  dtype: "float32",
): Tensor<Float32Array>;
/** Makes a float64 tensor. */
export function tensor(
  data: TypedArray | readonly NestedNumbers[] | readonly NestedBooleans[],
  shape: readonly number[] | undefined,
  dtype: "float64",
): Tensor<Float64Array>;
/** Makes a tensor of 16-bit elements, whose data holds their bits. */
export function tensor(
  data: TypedArray | readonly NestedNumbers[] | readonly NestedBooleans[],
  shape: readonly number[] | undefined,
  dtype: "float16" | "bfloat16",
): Tensor<Uint16Array>;
/** Makes a tensor of any element type. */
export function tensor(
  data: TypedArray | readonly NestedNumbers[] | readonly NestedBooleans[],
  shape?: readonly number[],
  dtype?: TensorDtype,
): Tensor;
export function tensor(data: unknown, shape?: unknown, dtype?: unknown): Tensor {
  try {
    return readData(data, shape, dtype);
  } catch (error) {
    throw unreadable(error, "tensor");
  }
}

function readData(data: unknown, shape: unknown, dtype: unknown): Tensor {
  const dimensions = shape === undefined ? null : readList(shape);
  if (dimensions === null && shape !== undefined) {
    throw expected("ERR_SHAPE", "shape", "an array of dimensions", shape);
  }
  const wanted = dtype === undefined ? undefined : dtypeOfName(dtype, "dtype");
  const read = describeData(data, wanted);
  if (dimensions === null) return new Tensor(read.elements(), read.shape, read.dtype);
  const count = elementCount(dimensions, "tensor");
  if (read.count !== count) {
    const wanted = `${count} elements (shape ${formatShape(dimensions as number[])})`;
    throw expectedText("ERR_SHAPE", "data", wanted, `${read.count}`);
  }
  return new Tensor(read.elements(), dimensions as number[], read.dtype);
}

/** Data whose size is known. Its elements have not been read. */
interface Data {
  readonly shape: number[];
  readonly count: number;
  readonly dtype: TensorDtype;
  elements(): TypedArray;
}

function describeData(data: unknown, wanted: TensorDtype | undefined): Data {
  if (Array.isArray(data)) {
    const nested = readNested(data, "data", wanted);
    const { shape, count, dtype } = nested;
    return { shape: [...shape], count, dtype, elements: () => nestedElements(nested, "data") };
  }
  if (!isTypedArray(data)) throw expected("ERR_ARGUMENT", "data", "a typed array or nested arrays", data);
  const given = dtypeOfArray(data, "data");
  const count = lengthOf(data);
  const bits = given === "uint16" && wanted !== undefined && isSixteenBit(wanted);
  if (wanted === undefined || wanted === given || bits) {
    const elements = kindOf(data) === "Float16Array" ? viewOf(data) : data;
    return { shape: [count], count, dtype: wanted ?? given, elements: () => elements };
  }
  return { shape: [count], count, dtype: wanted, elements: () => converted(data, given, wanted, "data") };
}
