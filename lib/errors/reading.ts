import { describeThrown } from "./describe.js";
import { GRUError } from "./gru_error.js";
import { expectedText } from "./messages.js";

/**
 * The error about arguments of `what` whose reading threw `error`: a getter, or a trap of a proxy, of the caller's. An error
 * of ours stays as it is.
 */
export function unreadable(error: unknown, what: string): GRUError {
  if (error instanceof GRUError) return error;
  const received = `some that throw: ${describeThrown(error)}`;
  return expectedText("ERR_ARGUMENT", what, "arguments that can be read", received, { cause: error });
}

/** Runs `read`, which reads arguments of `what` and does nothing else; what it throws becomes a `GRUError`. */
export function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(error, what);
  }
}
