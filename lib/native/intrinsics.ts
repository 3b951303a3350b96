import { types } from "node:util";
import type { TypedArray } from "./arrays.js";

/*
 * These functions ask the language itself about a typed array of the user. Such an array may have its own property
 * `length` or `buffer`, come from another realm, or make `slice` return anything through `Symbol.species`. No other
 * code of the package reads these properties of an array that a user passed.
 */

const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const typedArrayPrototype: object = getPrototypeOf(Uint8Array.prototype);

/** Returns the getter of a built-in property, as a function of the object. */
function getterOf<R>(prototype: object, key: PropertyKey): (object: object) => R {
  return Function.prototype.call.bind(getOwnPropertyDescriptor(prototype, key)?.get as () => R);
}

/**
 * The length of a typed array; 0 when it is detached. Throws a `TypeError` for anything else, as the next two functions
 * do.
 */
export const lengthOf = getterOf<number>(typedArrayPrototype, "length");
export const bufferOf = getterOf<ArrayBuffer | SharedArrayBuffer>(typedArrayPrototype, "buffer");
export const byteOffsetOf = getterOf<number>(typedArrayPrototype, "byteOffset");
const byteLengthOf = getterOf<number>(typedArrayPrototype, "byteLength");
/** The name of a typed array's kind, such as `"Float32Array"`; `undefined` for anything else. */
export const kindOf = getterOf<string | undefined>(typedArrayPrototype, Symbol.toStringTag);
const isResizable = getterOf<boolean>(ArrayBuffer.prototype, "resizable");
const setElements: (target: TypedArray, source: TypedArray, offset?: number) => void = Function.prototype.call.bind(
  (typedArrayPrototype as Uint8Array).set,
);

/**
 * The built-in class for each kind of array. A `Float16Array`, which older runtimes do not know, is held as its bits.
 */
const CLASSES = {
  Float32Array,
  Float64Array,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray: Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float16Array: Uint16Array,
} as const;

interface ArrayClass {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray;
}

function classOf(array: TypedArray): ArrayClass {
  return CLASSES[kindOf(array) as keyof typeof CLASSES] as ArrayClass;
}

/**
 * True when only this thread can change the memory under `array`, and nobody can change its size. Native code may then
 * use the memory directly as long as no user code runs.
 */
export function isSteady(array: TypedArray): boolean {
  const buffer = bufferOf(array);
  if (getPrototypeOf(buffer) !== ArrayBuffer.prototype && types.isSharedArrayBuffer(buffer)) return false;
  try {
    return !isResizable(buffer);
  } catch {
    // A SharedArrayBuffer whose prototype was set to ArrayBuffer.prototype ends here.
    return false;
  }
}

/** True for an `ArrayBuffer` of any realm, and false for a `SharedArrayBuffer`. */
export function isUnshared(buffer: ArrayBuffer | SharedArrayBuffer): buffer is ArrayBuffer {
  return types.isArrayBuffer(buffer);
}

/**
 * Returns a view of `count` elements of `array` from `start`, in the same memory, as an array of a built-in class. The
 * default is all elements.
 */
export function viewOf(array: TypedArray, start = 0, count = lengthOf(array) - start): TypedArray {
  const Type = classOf(array);
  return new Type(bufferOf(array), byteOffsetOf(array) + start * Type.BYTES_PER_ELEMENT, count);
}

/**
 * Returns the elements of `array`, in the same memory, as an array of a built-in class. An ordinary `Float32Array`,
 * `Float64Array`, `Uint16Array` or `Uint8Array` is returned itself, because making a view takes as long as reading the
 * arguments of a small call. The result may still have its own property `length`.
 */
export function ordinaryArray(array: TypedArray): TypedArray {
  const prototype: unknown = getPrototypeOf(array);
  const usual =
    (prototype === Float32Array.prototype && kindOf(array) === "Float32Array") ||
    (prototype === Float64Array.prototype && kindOf(array) === "Float64Array") ||
    (prototype === Uint16Array.prototype && kindOf(array) === "Uint16Array") ||
    (prototype === Uint8Array.prototype && kindOf(array) === "Uint8Array");
  return usual ? array : viewOf(array);
}

/** True when the buffer under `array` has been transferred. */
export function isDetached(array: TypedArray): boolean {
  if (byteLengthOf(array) !== 0) return false;
  try {
    new Uint8Array(bufferOf(array), 0, 0);
    return false;
  } catch {
    return true;
  }
}

/** Writes the elements of `source`, an array of any kind, to `target` from `offset` on. Runs no user code. */
export function writeTo(target: TypedArray, source: TypedArray, offset = 0): void {
  setElements(target, source, offset);
}

/** True when the two arrays have a byte in common. */
export function overlap(a: TypedArray, b: TypedArray): boolean {
  if (bufferOf(a) !== bufferOf(b)) return false;
  const from = byteOffsetOf(a);
  const other = byteOffsetOf(b);
  return from < other + byteLengthOf(b) && other < from + byteLengthOf(a);
}
