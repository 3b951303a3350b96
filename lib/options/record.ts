import { types } from "node:util";
import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { suggestion } from "../errors/suggestion.js";

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

/**
 * `value`, the object of named arguments of `owner`. Throws `ERR_ARGUMENT` for anything else, as `called`, and as
 * `refuseUnknown`.
 */
export function readRecord(
  value: unknown,
  known: ReadonlySet<string>,
  owner: string,
  called?: string,
  what = "an object",
): Record<string, unknown> {
  if (!isRecord(value)) throw expected("ERR_ARGUMENT", called ?? `arguments of ${owner}`, what, value);
  refuseUnknown(value, known, owner);
  return value;
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
  return expectedText("ERR_ARGUMENT", owner, "only known arguments", `the unknown argument \`${key}\``, {
    remedy: known.size === 0 ? "It takes no arguments." : suggestion(key, known),
  });
}
