import { expected, type MessageExtras } from "../errors/messages.js";

/** Dimensions and `units` must be smaller than this. */
export const SIZE_LIMIT = 2 ** 31;

/** Returns a boolean, or `otherwise` for `undefined`. Throws `ERR_ARGUMENT` for any other value. */
export function requireBoolean(value: unknown, name: string, otherwise: boolean, extras?: MessageExtras): boolean {
  if (value === undefined) return otherwise;
  if (typeof value !== "boolean") throw expected("ERR_ARGUMENT", name, "true or false", value, extras);
  return value;
}

/**
 * Returns an integer from `low` to `high`. Throws `ERR_ARGUMENT` for any other value, which should have been `what`.
 */
export function requireInteger(
  value: unknown,
  name: string,
  what: string,
  low: number,
  high: number,
  extras?: MessageExtras,
): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high) {
    throw expected("ERR_ARGUMENT", name, what, value, extras);
  }
  return value;
}

/** Returns an upper bound: an integer from 1, or `Infinity` for none. Throws `ERR_ARGUMENT` for any other value. */
export function requireBound(value: unknown, name: string): number {
  if (value === Number.POSITIVE_INFINITY) return value;
  return requireInteger(value, name, "an integer from 1, or Infinity", 1, Number.MAX_SAFE_INTEGER);
}

/** Returns a number clamped to 0..1, as Keras does, or 0 for `undefined`. Throws `ERR_ARGUMENT` for any other value. */
export function requireRate(value: unknown, name: string): number {
  if (value === undefined) return 0;
  if (typeof value !== "number" || Number.isNaN(value)) {
    throw expected("ERR_ARGUMENT", name, "a number from 0 to 1", value);
  }
  return Math.min(1, Math.max(0, value));
}
