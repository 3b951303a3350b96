import type { GRUError } from "../errors/gru_error.js";
import { callAborted } from "../errors/layer_errors.js";
import { expected } from "../errors/messages.js";

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

/** Whether `signal` has aborted; one that cannot say so has not. */
export function hasAborted(signal: AbortSignal): boolean {
  try {
    return signal.aborted === true;
  } catch {
    return false;
  }
}

/** Throws `ERR_ABORTED` when `signal` has aborted. */
export function refuseAborted(signal: AbortSignal | null): void {
  if (signal !== null && hasAborted(signal)) throw aborted(signal);
}

/** The rejection of an aborted call: `ERR_ABORTED`, named `AbortError`, caused by the signal's reason. */
export function aborted(signal: AbortSignal): GRUError {
  let cause: unknown;
  try {
    cause = signal.reason;
  } catch (error) {
    cause = error;
  }
  return callAborted(cause);
}
