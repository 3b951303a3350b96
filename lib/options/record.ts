import { types } from "node:util";
import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { suggestion } from "../errors/suggestion.js";

/** True for an object that could carry named arguments. Null, arrays, typed arrays and promises cannot. */
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
 * Returns `value` if it is an object of named arguments whose keys are all in `known`. Otherwise throws `ERR_ARGUMENT`.
 * An error about the object itself calls it `called`; an error about a key names `owner`.
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
 * Returns a copy of `args`, the optional arguments of `method`, without those that are `undefined`. The keys of the others
 * must be in `known`. A copy, because getters and
 * proxies may throw or return something else later. Throws `ERR_ARGUMENT`, calling the object itself `called`.
 */
export function copyKnown(
  args: unknown,
  known: ReadonlySet<string>,
  method: string,
  called: string,
): Record<string, unknown> {
  if (!isRecord(args)) throw expected("ERR_ARGUMENT", called, "an object", args);
  const copy = Object.fromEntries(Object.entries({ ...args }).filter(([, value]) => value !== undefined));
  refuseUnknown(copy, known, method);
  return copy;
}

/**
 * Throws `ERR_ARGUMENT` when `record` has an own key that is not in `known`. The message suggests the nearest known
 * key. Inherited keys are ignored, since other code may have put them on `Object.prototype`.
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
