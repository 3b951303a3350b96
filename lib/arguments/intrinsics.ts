import { types } from "node:util";
import type { TypedArray } from "../tensor/tensor.js";

/*
 * What a typed array of the caller's is, asked of the language itself. An array may have a `length` or `buffer` of its own,
 * come from another realm, or ask `Symbol.species` what its `slice` makes: nothing else in the package reads such
 * properties of an array that a caller gave.
 */

const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const typedArrayPrototype: object = getPrototypeOf(Uint8Array.prototype);

/** The getter of a built-in property as a function of the object. */
function getterOf<R>(prototype: object, key: PropertyKey): (object: object) => R {
  return Function.prototype.call.bind(getOwnPropertyDescriptor(prototype, key)?.get as () => R);
}

/** Throws a `TypeError` for anything but a typed array, as the others do; 0 for a detached one. */
export const lengthOf = getterOf<number>(typedArrayPrototype, "length");
export const bufferOf = getterOf<ArrayBuffer | SharedArrayBuffer>(typedArrayPrototype, "buffer");
export const byteOffsetOf = getterOf<number>(typedArrayPrototype, "byteOffset");
const byteLengthOf = getterOf<number>(typedArrayPrototype, "byteLength");
/** `"Float32Array"` and the like; `undefined` for anything but a typed array. */
export const kindOf = getterOf<string | undefined>(typedArrayPrototype, Symbol.toStringTag);
const isResizable = getterOf<boolean>(ArrayBuffer.prototype, "resizable");
const setElements: (target: TypedArray, source: TypedArray, offset?: number) => void = Function.prototype.call.bind(
  (typedArrayPrototype as Uint8Array).set,
);

/** Our own class for each kind of array; a `Float16Array`, which older runtimes do not know, is held as its bits. */
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
 * True when nobody but this thread can change the memory under `array`, and nobody its size: native code may use it as it
 * is as long as no code of the caller's runs.
 */
export function isSteady(array: TypedArray): boolean {
  const buffer = bufferOf(array);
  if (getPrototypeOf(buffer) !== ArrayBuffer.prototype && types.isSharedArrayBuffer(buffer)) return false;
  try {
    return !isResizable(buffer);
  } catch {
    // A SharedArrayBuffer that says it is none.
    return false;
  }
}

/** True for an `ArrayBuffer` of any realm, and not for a `SharedArrayBuffer`. */
export function isUnshared(buffer: ArrayBuffer | SharedArrayBuffer): buffer is ArrayBuffer {
  return types.isArrayBuffer(buffer);
}

/** `count` elements of `array` from `start`, in the same memory, as an array of our own class; all of them by default. */
export function viewOf(array: TypedArray, start = 0, count = lengthOf(array) - start): TypedArray {
  const Type = classOf(array);
  return new Type(bufferOf(array), byteOffsetOf(array) + start * Type.BYTES_PER_ELEMENT, count);
}

/**
 * The elements of `array`, in the same memory, as an array of our own class: the array itself where it is a `Float32Array`,
 * `Float64Array`, `Uint16Array` or `Uint8Array` like any other, because making a view takes as long as a small call's reading. It may still
 * have a `length` of its own.
 */
export function plain(array: TypedArray): TypedArray {
  const prototype: unknown = getPrototypeOf(array);
  const usual =
    (prototype === Float32Array.prototype && kindOf(array) === "Float32Array") ||
    (prototype === Float64Array.prototype && kindOf(array) === "Float64Array") ||
    (prototype === Uint16Array.prototype && kindOf(array) === "Uint16Array") ||
    (prototype === Uint8Array.prototype && kindOf(array) === "Uint8Array");
  return usual ? array : viewOf(array);
}

/** True when the buffer under `array` has been transferred away. */
export function isDetached(array: TypedArray): boolean {
  if (byteLengthOf(array) !== 0) return false;
  try {
    new Uint8Array(bufferOf(array), 0, 0);
    return false;
  } catch {
    return true;
  }
}

/** Writes the elements of `source`, of any kind, to `target` from `offset` on. Runs no code of the caller's. */
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
