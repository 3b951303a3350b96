import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { isDetached, kindOf, lengthOf } from "../native/intrinsics.js";
import type { TensorDtype, TypedArray } from "../tensor/tensor.js";

/** The kinds of typed arrays by their tags, with the dtype of their elements when the tensor names none. */
const KINDS: Readonly<Record<string, TensorDtype>> = {
  Float32Array: "float32",
  Float64Array: "float64",
  Int8Array: "int8",
  Uint8Array: "uint8",
  Uint8ClampedArray: "uint8",
  Int16Array: "int16",
  Uint16Array: "uint16",
  Int32Array: "int32",
  Uint32Array: "uint32",
  Float16Array: "float16",
};

/** The array class that holds each dtype. Arrays of 16-bit floats hold their bits. */
export const ARRAY_TYPES = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Uint8Array,
} as const;

/** Names of dtypes that other libraries use. */
const DTYPE_ALIASES: Readonly<Record<string, TensorDtype>> = {
  double: "float64",
  half: "float16",
  uint8_clamped: "uint8",
  uint8c: "uint8",
  boolean: "bool",
};

/** True for a typed array of any kind, including arrays of BigInt. */
export function isTypedArray(value: unknown): value is TypedArray {
  return kindOf(value as object) !== undefined;
}

/**
 * Returns the dtype of a typed array's elements. Throws `ERR_DTYPE` for arrays whose elements no tensor here can have,
 * and `ERR_ARGUMENT` when the buffer is detached.
 */
export function dtypeOfArray(value: TypedArray, name: string): TensorDtype {
  requireAttached(value, name);
  const dtype = KINDS[kindOf(value) as string];
  if (dtype !== undefined) return dtype;
  throw expected("ERR_DTYPE", name, "a typed array of numbers up to 32-bit integers or of floats", value);
}

/** Returns the dtype that a name stands for. Throws `ERR_DTYPE`. */
export function dtypeOfName(value: unknown, name: string): TensorDtype {
  if (typeof value === "string") {
    if (Object.hasOwn(ARRAY_TYPES, value)) return value as TensorDtype;
    if (Object.hasOwn(DTYPE_ALIASES, value)) return DTYPE_ALIASES[value] as TensorDtype;
  }
  throw expected("ERR_DTYPE", name, `one of ${Object.keys(ARRAY_TYPES).join(", ")}`, value);
}

/** Throws `ERR_ARGUMENT` when the buffer under `array` has been transferred. */
export function requireAttached(array: TypedArray, name: string): void {
  if (isDetached(array)) throw detached(name);
}

/** Throws `ERR_SHAPE` unless `data` has exactly `count` elements. */
export function requireLength(data: TypedArray, count: number, name: string, shape: string): void {
  const length = lengthOf(data);
  if (length === count) return;
  throw expectedText("ERR_SHAPE", name, `${count} elements (shape ${shape})`, `${length}`);
}

/** Throws `ERR_ARGUMENT` unless `data` still has the `count` elements that it had when it was read. */
export function requireWhole(data: TypedArray, count: number, name: string): void {
  if (lengthOf(data) < count) throw detached(name);
}

/** Returns the error about data whose buffer has been transferred. */
export function detached(name: string): GRUError {
  return expectedText("ERR_ARGUMENT", name, "a typed array", "one whose buffer is detached");
}
