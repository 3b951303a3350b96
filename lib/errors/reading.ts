import { describeThrown } from "./describe.js";
import { GRUError } from "./gru_error.js";
import { expectedText } from "./messages.js";

/**
 * Returns the error to throw when reading the arguments of `what` threw `error`, which happens when a caller's getter
 * or proxy trap throws. Errors of this package are returned unchanged.
 */
export function unreadable(error: unknown, what: string): GRUError {
  if (error instanceof GRUError) return error;
  const received = `some that throw: ${describeThrown(error)}`;
  return expectedText("ERR_ARGUMENT", what, "arguments that can be read", received, { cause: error });
}

/**
 * Runs `read`, which reads the arguments of `what` and does nothing else. Turns anything it throws into a `GRUError`.
 */
export function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(error, what);
  }
}
