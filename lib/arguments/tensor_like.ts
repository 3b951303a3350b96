import { GRUError } from "../errors.js";
import { isSixteenBit } from "../sixteen_bit.js";
import type { TensorDtype, TypedArray } from "../tensor.js";
import { expected, expectedText, formatShape } from "./messages.js";
import { readNested } from "./nested.js";
import { isRecord } from "./predicates.js";
import { elementCount } from "./shapes.js";
import { readStrided } from "./strided.js";
import { bitsOf, dtypeOfArray, dtypeOfName, isTypedArray, requireLength } from "./typed_array.js";

/** A tensor argument, read: contiguous row-major data that may still be the caller's own memory. */
export interface ReadTensor {
  data: TypedArray;
  shape: readonly number[];
  dtype: TensorDtype;
  /** False when `data` is, or may be, the caller's memory. */
  owned: boolean;
  /** Whether the tensor said its dtype, or it can be no other. */
  named: boolean;
}

const WHAT = "a tensor ({ data, shape } or nested arrays)";

/**
 * Reads any `TensorLike` without converting its elements. Nested arrays become `nested`; with `"bool"` they must hold
 * booleans, and with `undefined` either.
 *
 * Throws `ERR_ARGUMENT` for what is no tensor (saying what to call where the data is elsewhere), `ERR_SHAPE` where data
 * and shape disagree, `ERR_DTYPE` for elements that are not numbers of ours.
 */
export function readTensor(value: unknown, name: string, nested: TensorDtype | undefined): ReadTensor {
  if (Array.isArray(value)) return { ...readNested(value, name, nested), owned: true, named: true };
  if (!isRecord(value)) throw expected("ERR_ARGUMENT", name, WHAT, value);
  const given = dataOf(value, name);
  const shape = value.shape ?? value.dims;
  if (!Array.isArray(shape)) throw expected("ERR_SHAPE", `${name}.shape`, "an array of dimensions", shape);
  const dtypeName = value.dtype ?? value.type;
  const dtype = agreedDtype(given, dtypeName, name);
  const data = dtype === "float16" ? bitsOf(given) : given;
  const named = dtypeName !== undefined || dtype !== "uint16";
  const strides = value.stride ?? value.strides;
  if (strides === undefined && value.offset === undefined) return readDense(data, shape, dtype, named, name);
  const count = elementCount(shape, name);
  return { data: readStrided(data, shape, count, strides, value.offset, name), shape, dtype, owned: false, named };
}

function readDense(
  data: TypedArray,
  shape: readonly number[],
  dtype: TensorDtype,
  named: boolean,
  name: string,
): ReadTensor {
  const count = elementCount(shape, name);
  if (data.length !== count) requireLength(data, count, `${name}.data`, formatShape(shape));
  return { data, shape, dtype, owned: false, named };
}

/** The typed data of a tensor object of any library. */
function dataOf(value: Record<string, unknown>, name: string): TypedArray {
  const { location } = value;
  if (location === "none") throw expectedText("ERR_ARGUMENT", name, "a tensor with data", "a disposed one");
  if (typeof location === "string" && location !== "cpu" && location !== "cpu-pinned") {
    throw new GRUError(
      "ERR_ARGUMENT",
      `Expected data in main memory for \`${name}\` but received a tensor located at "${location}". ` +
        "Call `await tensor.getData()` and pass { data, dims }.",
    );
  }
  let data: unknown;
  try {
    data = value.data;
  } catch (cause) {
    throw new GRUError(
      "ERR_ARGUMENT",
      `Expected a tensor whose data can be read for \`${name}\` but received one that throws: ${String(cause)}.`,
      { cause },
    );
  }
  if (isTypedArray(data)) return data;
  if (typeof data === "function") {
    throw new GRUError(
      "ERR_ARGUMENT",
      `Expected typed data for \`${name}.data\` but received a method. ` +
        "Call `await tensor.data()` (or `tensor.dataSync()`) and pass { data, shape }.",
    );
  }
  if (data === undefined) throw expected("ERR_ARGUMENT", name, WHAT, value);
  const { code, message } = expected("ERR_DTYPE", `${name}.data`, "a typed array", data);
  // What JSON makes of a tensor.
  throw new GRUError(code, Array.isArray(data) ? `${message} Pass tensor(data, shape).` : message);
}

/** The dtype of `data`, after a check that the name the tensor gives it fits. */
function agreedDtype(data: TypedArray, given: unknown, name: string): TensorDtype {
  const dtype = dtypeOfArray(data, `${name}.data`);
  if (given === undefined || given === dtype) return dtype;
  const named = dtypeOfName(given, `${name}.dtype`);
  if (named === dtype) return dtype;
  if (named === "bool" && (dtype === "uint8" || dtype === "int8")) return "bool";
  if (isSixteenBit(named) && dtype === "uint16") return named;
  throw expected("ERR_DTYPE", `${name}.dtype`, `"${dtype}" (the kind of its data)`, given);
}
