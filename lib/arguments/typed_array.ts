import type { GRUError } from "../errors.js";
import type { TensorDtype, TypedArray } from "../tensor.js";
import { expected, expectedText } from "./messages.js";

/** Each kind of typed array, by its tag, and the dtype its elements have when nothing else is said. */
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

/** The array class that holds each dtype: 16-bit floats are held as bits. */
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

/** Other libraries' names of dtypes. */
const DTYPE_ALIASES: Readonly<Record<string, TensorDtype>> = {
  double: "float64",
  half: "float16",
  uint8_clamped: "uint8",
  uint8c: "uint8",
  boolean: "bool",
};

/** The constructor's name, whatever realm the array comes from; `undefined` for anything but a typed array. */
function tagOf(value: unknown): string | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  return (value as Uint8Array)[Symbol.toStringTag] as string | undefined;
}

/** True for a typed array of any kind, BigInt ones included. */
export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && tagOf(value) !== "DataView";
}

/**
 * The dtype of a typed array's elements. Throws `ERR_DTYPE` for kinds that hold no numbers of ours, `ERR_ARGUMENT` when
 * its buffer is detached.
 */
export function dtypeOfArray(value: TypedArray, name: string): TensorDtype {
  requireAttached(value, name);
  if (value instanceof Float32Array) return "float32";
  const dtype = KINDS[tagOf(value) as string];
  if (dtype !== undefined) return dtype;
  throw expected("ERR_DTYPE", name, "a typed array of numbers up to 32-bit integers or of floats", value);
}

/**
 * The array itself or, for a `Float16Array`, its bits: Node-API and older runtimes do not know that class, so nothing
 * but this function ever holds one.
 */
export function bitsOf(value: TypedArray): TypedArray {
  if (tagOf(value) !== "Float16Array") return value;
  return new Uint16Array(value.buffer, value.byteOffset, value.length);
}

/** The dtype that a name stands for. Throws `ERR_DTYPE`. */
export function dtypeOfName(value: unknown, name: string): TensorDtype {
  if (typeof value === "string") {
    if (Object.hasOwn(ARRAY_TYPES, value)) return value as TensorDtype;
    const alias = DTYPE_ALIASES[value];
    if (alias !== undefined) return alias;
  }
  throw expected("ERR_DTYPE", name, `one of ${Object.keys(ARRAY_TYPES).join(", ")}`, value);
}

/** True when the memory under `array` is a SharedArrayBuffer, which other threads may write to. */
export function isShared(array: TypedArray): boolean {
  return typeof SharedArrayBuffer !== "undefined" && array.buffer instanceof SharedArrayBuffer;
}

/** Throws `ERR_ARGUMENT` when the buffer under `array` has been transferred away. */
export function requireAttached(array: TypedArray, name: string): void {
  if (array.byteLength !== 0) return;
  try {
    new Uint8Array(array.buffer as ArrayBuffer, 0, 0);
  } catch {
    throw detached(name);
  }
}

/** True when the two arrays have a byte in common. */
export function overlap(a: TypedArray, b: TypedArray): boolean {
  return (
    a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength
  );
}

/** Throws `ERR_SHAPE` unless `data` has exactly `count` elements. */
export function requireLength(data: TypedArray, count: number, name: string, shape: string): void {
  if (data.length === count) return;
  throw expectedText("ERR_SHAPE", name, `${count} elements (shape ${shape})`, `${data.length}`);
}

/** The error about data whose buffer has been transferred away. */
export function detached(name: string): GRUError {
  return expectedText("ERR_ARGUMENT", name, "a typed array", "one whose buffer is detached");
}
