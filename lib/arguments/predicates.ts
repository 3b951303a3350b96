import { types } from "node:util";
import { GRUError } from "../errors/gru_error.js";
import { expected } from "../errors/messages.js";
import { suggestion } from "../errors/suggestion.js";

/** One more than the largest size of any dimension, and than the largest `units`. */
export const SIZE_LIMIT = 2 ** 31;

/** True for an object that could carry named arguments: not null, not an array, not a typed array, not a promise. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !types.isPromise(value)
  );
}

/** Throws `ERR_ARGUMENT` unless `value` is a boolean; `undefined` gives `otherwise`. */
export function requireBoolean(value: unknown, name: string, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value !== "boolean") throw expected("ERR_ARGUMENT", name, "true or false", value);
  return value;
}

/** Throws `ERR_ARGUMENT` unless `value` is an integer in `low`..`high`. */
export function requireInteger(value: unknown, name: string, what: string, low: number, high: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high) {
    throw expected("ERR_ARGUMENT", name, what, value);
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

/**
 * Throws `ERR_ARGUMENT` naming the nearest known key when `record` itself has a key that is not in `known`; what somebody
 * put on `Object.prototype` is no argument.
 */
export function refuseUnknown(record: Record<string, unknown>, known: ReadonlySet<string>, owner: string): void {
  for (const key in record) {
    if (!known.has(key) && Object.hasOwn(record, key)) throw unknownArgument(key, known, owner);
  }
}

function unknownArgument(key: string, known: ReadonlySet<string>, owner: string): GRUError {
  return new GRUError(
    "ERR_ARGUMENT",
    `Expected only known arguments for \`${owner}\` but received the unknown argument \`${key}\`. ${suggestion(key, known)}`,
  );
}
