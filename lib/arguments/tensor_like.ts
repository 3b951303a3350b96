import { describeThrown, formatShape } from "../errors/describe.js";
import { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { lengthOf, ordinaryArray } from "../native/intrinsics.js";
import { isSixteenBit } from "../native/sixteen_bit.js";
import { isRecord } from "../options/record.js";
import type { TensorDtype, TypedArray } from "../tensor/tensor.js";
import { type NestedArrays, nestedElements, readNested } from "./nested_arrays.js";
import { elementCount, readList } from "./shapes.js";
import { gathered, type Layout, readLayout } from "./strided.js";
import {
  dtypeOfArray,
  dtypeOfName,
  isTypedArray,
  requireAttached,
  requireLength,
  requireWhole,
} from "./typed_array.js";

/**
 * A tensor argument whose description has been read, but not its elements. Its shape can therefore be checked before
 * anything is copied or converted.
 */
export interface ReadTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** The number of elements. */
  readonly count: number;
  readonly dtype: TensorDtype;
  /** True when the tensor names its dtype, or when its array can have only one dtype. */
  readonly named: boolean;
  /** The user's array; `null` for nested arrays. */
  readonly given: TypedArray | null;
  /** The places of the elements in `given`; `null` when it holds exactly these elements, in order. */
  readonly layout: Layout | null;
  readonly nested: NestedArrays | null;
}

/** The elements of a tensor argument, contiguous and row-major. */
export interface Elements {
  /** An array of a built-in class. */
  readonly data: TypedArray;
  /** False when `data` is the user's memory. */
  readonly owned: boolean;
}

const WANTED = "a tensor ({ data, shape } or nested arrays)";

/**
 * Reads the description of any `TensorLike`. `nested` is the dtype that nested arrays become: with `"bool"` they must
 * hold booleans, and with `undefined` they may hold booleans or numbers.
 *
 * Throws `ERR_ARGUMENT` for a value that is not a tensor (and names the method to call when the data is elsewhere),
 * `ERR_SHAPE` when data and shape disagree, and `ERR_DTYPE` for elements of an unsupported kind.
 */
export function readTensor(value: unknown, name: string, nested: TensorDtype | undefined): ReadTensor {
  if (Array.isArray(value)) {
    const read = readNested(value, name, nested);
    const { shape, count, dtype } = read;
    return { name, shape, count, dtype, named: true, given: null, layout: null, nested: read };
  }
  if (!isRecord(value)) throw expected("ERR_ARGUMENT", name, WANTED, value);
  const given = dataOf(value, name);
  const dimensions = value.shape ?? value.dims;
  const shape = readList(dimensions);
  if (shape === null) throw expected("ERR_SHAPE", `${name}.shape`, "an array of dimensions", dimensions);
  const dtypeName = value.dtype ?? value.type;
  const strides = value.stride ?? value.strides;
  const { offset } = value;
  // No user code runs after this point, so everything below sees the same state of the data.
  const dtype = agreedDtype(given, dtypeName, name);
  const count = elementCount(shape, name);
  const layout =
    strides === undefined && offset === undefined
      ? null
      : readLayout(given, shape as number[], count, strides, offset, name);
  if (layout === null && lengthOf(given) !== count) {
    requireLength(given, count, `${name}.data`, formatShape(shape as number[]));
  }
  const named = dtypeName !== undefined || dtype !== "uint16";
  return { name, shape: shape as number[], count, dtype, named, given, layout, nested: null };
}

/**
 * Returns the elements of a tensor whose description was read. Throws `ERR_ARGUMENT` when the data has been detached
 * since, `ERR_SHAPE` or `ERR_DTYPE` for irregular nested arrays, and `ERR_OUT_OF_MEMORY`.
 */
export function elementsOf({ name, given, nested, layout, shape, count }: ReadTensor): Elements {
  if (given === null) return { data: nestedElements(nested as NestedArrays, name), owned: true };
  requireAttached(given, `${name}.data`);
  requireWhole(given, layout === null ? count : layout.end, `${name}.data`);
  if (layout === null) return { data: ordinaryArray(given), owned: false };
  return { data: gathered(given, shape, layout, count, name), owned: layout.steps !== null };
}

/** Returns the typed data of a tensor object of any library. */
function dataOf(value: Record<string, unknown>, name: string): TypedArray {
  const { location } = value;
  if (location === "none") throw expectedText("ERR_ARGUMENT", name, "a tensor with data", "a disposed one");
  if (typeof location === "string" && location !== "cpu" && location !== "cpu-pinned") {
    throw expectedText("ERR_ARGUMENT", name, "data in main memory", `a tensor located at "${location}"`, {
      remedy: "Call `await tensor.getData()` and pass { data, dims }.",
    });
  }
  let data: unknown;
  try {
    data = value.data;
  } catch (cause) {
    if (cause instanceof GRUError) throw cause;
    throw expectedText(
      "ERR_ARGUMENT",
      name,
      "a tensor whose data can be read",
      `one that throws: ${describeThrown(cause)}`,
      { cause },
    );
  }
  if (isTypedArray(data)) return data;
  if (typeof data === "function") {
    throw expectedText("ERR_ARGUMENT", `${name}.data`, "typed data", "a method", {
      remedy: "Call `await tensor.data()` (or `tensor.dataSync()`) and pass { data, shape }.",
    });
  }
  if (data === undefined) throw expected("ERR_ARGUMENT", name, WANTED, value);
  // A plain array probably comes from JSON, which writes a tensor's data as one.
  const remedy = Array.isArray(data) ? "Pass tensor(data, shape)." : undefined;
  throw expected("ERR_DTYPE", `${name}.data`, "a typed array", data, { remedy });
}

/** Returns the dtype of `data`. Throws `ERR_DTYPE` when the tensor's own name for it does not fit. */
function agreedDtype(data: TypedArray, given: unknown, name: string): TensorDtype {
  const dtype = dtypeOfArray(data, `${name}.data`);
  if (given === undefined || given === dtype) return dtype;
  const named = dtypeOfName(given, `${name}.dtype`);
  if (named === dtype) return dtype;
  if (named === "bool" && (dtype === "uint8" || dtype === "int8")) return "bool";
  if (isSixteenBit(named) && dtype === "uint16") return named;
  throw expected("ERR_DTYPE", `${name}.dtype`, `"${dtype}" (the kind of its data)`, given);
}
