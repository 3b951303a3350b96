import { GRUError } from "../errors.js";
import { expected } from "./messages.js";

/** An `AbortSignal` of any realm, or `null`. Throws `ERR_ARGUMENT` for anything else. */
export function readSignal(value: unknown): AbortSignal | null {
  if (value === undefined || value === null) return null;
  const signal = value as Partial<AbortSignal>;
  if (
    typeof value !== "object" ||
    typeof signal.aborted !== "boolean" ||
    typeof signal.addEventListener !== "function" ||
    typeof signal.removeEventListener !== "function"
  ) {
    throw expected("ERR_ARGUMENT", "signal", "an AbortSignal", value);
  }
  return value as AbortSignal;
}

/** The rejection of an aborted call: `ERR_ABORTED`, named `AbortError`, caused by the signal's reason. */
export function aborted(signal: AbortSignal): GRUError {
  return new GRUError("ERR_ABORTED", "The call was aborted.", { cause: signal.reason });
}
