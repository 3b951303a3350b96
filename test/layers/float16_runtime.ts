/*
 * Imitates a runtime with `Float16Array`, which Node.js 20 does not have. Arrays of bits take its place, and the
 * language's own getter returns its name for them. Import this file before the package, which reads that getter when it
 * is loaded.
 */

const own = (globalThis as { Float16Array?: new (buffer: ArrayBufferLike) => Uint16Array }).Float16Array;

export const hasFloat16Array = own !== undefined;

const standIns = new WeakSet<object>();

if (!hasFloat16Array) {
  const prototype = Object.getPrototypeOf(Uint8Array.prototype);
  const { get } = Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag) as { get(): string | undefined };
  Object.defineProperty(prototype, Symbol.toStringTag, {
    configurable: true,
    get(this: object) {
      return standIns.has(this) ? "Float16Array" : get.call(this);
    },
  });
}

/** A `Float16Array` of these bits. */
export function float16Array(bits: Uint16Array): Uint16Array {
  if (own !== undefined) return new own(bits.slice().buffer);
  const array = bits.slice();
  standIns.add(array);
  return array;
}
