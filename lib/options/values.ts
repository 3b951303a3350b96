import { expected, type MessageExtras } from "../errors/messages.js";

/** One more than the largest size of any dimension, and than the largest `units`. */
export const SIZE_LIMIT = 2 ** 31;

/** Throws `ERR_ARGUMENT` unless `value` is a boolean; `undefined` gives `otherwise`. */
export function requireBoolean(value: unknown, name: string, otherwise: boolean, extras?: MessageExtras): boolean {
  if (value === undefined) return otherwise;
  if (typeof value !== "boolean") throw expected("ERR_ARGUMENT", name, "true or false", value, extras);
  return value;
}

/** Throws `ERR_ARGUMENT` unless `value` is an integer in `low`..`high`. */
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

/** Throws `ERR_ARGUMENT` unless `value` is a number; clamped to 0..1 as Keras does. `undefined` gives 0. */
export function requireRate(value: unknown, name: string): number {
  if (value === undefined) return 0;
  if (typeof value !== "number" || Number.isNaN(value)) {
    throw expected("ERR_ARGUMENT", name, "a number from 0 to 1", value);
  }
  return Math.min(1, Math.max(0, value));
}
