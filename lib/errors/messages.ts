import { describe, formatShape } from "./describe.js";
import { GRUError, type GRUErrorCode } from "./gru_error.js";

/** The optional parts of an error. */
export interface MessageExtras {
  /** The object that the argument belongs to, where the argument's name alone is unclear: `L1L2` for its `l1`. */
  readonly owner?: string | undefined;
  /** One or more sentences after the first one. They say what to do. */
  readonly remedy?: string | undefined;
  /** The value that the error was made from, often another error. */
  readonly cause?: unknown;
}

/** Makes an error in the package's one message shape. The message shows `value`. */
export function expected(
  code: GRUErrorCode,
  name: string,
  what: string,
  value: unknown,
  extras?: MessageExtras,
): GRUError {
  return expectedText(code, name, what, describe(value), extras);
}

/** Makes an error in the package's one message shape, where `received` already describes the value. */
export function expectedText(
  code: GRUErrorCode,
  name: string,
  what: string,
  received: string,
  extras: MessageExtras = {},
): GRUError {
  const { owner, remedy } = extras;
  const whose = owner === undefined ? "" : ` of ${owner}`;
  const message = `Expected ${what} for \`${name}\`${whose} but received ${received}.`;
  return new GRUError(code, remedy === undefined ? message : `${message} ${remedy}`, causeOf(extras));
}

/** Makes an `ERR_SHAPE` error in the package's one message shape. The message shows `shape`. */
export function expectedShape(
  name: string,
  what: string,
  shape: readonly (number | null)[],
  extras?: MessageExtras,
): GRUError {
  return expectedText("ERR_SHAPE", name, what, `shape ${formatShape(shape)}`, extras);
}

/**
 * Makes an error with an incomplete message. It says what is wrong inside something, such as a file. The caller that
 * knows which file it is catches this error and makes one in the message shape from it.
 */
export function incompleteError(
  code: GRUErrorCode,
  message: string,
  extras: { readonly cause?: unknown } = {},
): GRUError {
  return new GRUError(code, message, causeOf(extras));
}

/** Returns a copy of `error` with another sentence after its message. The copy has `error` as its cause. */
export function withRemark(error: GRUError, remark: string): GRUError {
  return new GRUError(error.code, `${error.message} ${remark}`, { cause: error });
}

/**
 * Returns a copy of `error` whose message starts with the place where it happened. The copy has `error` as its cause.
 */
export function inPlace(place: string, error: GRUError): GRUError {
  return new GRUError(error.code, `In ${place}: ${error.message}`, { cause: error });
}

/** An error without a cause must have no property `cause`. A caller may throw `undefined`, and that is a cause too. */
function causeOf(extras: { readonly cause?: unknown }): { cause: unknown } | undefined {
  return "cause" in extras ? { cause: extras.cause } : undefined;
}

/** Returns extras with `cause`, or empty ones when it is `undefined`. For callers that do not always have a cause. */
export function maybeCause(cause: unknown): { cause?: unknown } {
  return cause === undefined ? {} : { cause };
}
