import { describe, formatShape } from "./describe.js";
import { GRUError, type GRUErrorCode } from "./gru_error.js";

/** What an error may have beside the one sentence. */
export interface MessageExtras {
  /** What the argument belongs to, where its name alone does not tell: `l1` of `L1L2`. */
  readonly owner?: string | undefined;
  /** Sentences after it that say what to do. */
  readonly remedy?: string | undefined;
  readonly cause?: unknown;
}

/** The package's one message shape, about a value. */
export function expected(
  code: GRUErrorCode,
  name: string,
  what: string,
  value: unknown,
  extras?: MessageExtras,
): GRUError {
  return expectedText(code, name, what, describe(value), extras);
}

/** The package's one message shape, where what came is already in words. */
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

/** The message shape, about a shape. */
export function expectedShape(
  name: string,
  what: string,
  shape: readonly (number | null)[],
  extras?: MessageExtras,
): GRUError {
  return expectedText("ERR_SHAPE", name, what, `shape ${formatShape(shape)}`, extras);
}

/**
 * An error whose message is not whole: it says what is wrong inside of something, such as a file, and whoever knows which
 * one catches it and makes an error in the message shape of it.
 */
export function inner(code: GRUErrorCode, message: string, extras: { readonly cause?: unknown } = {}): GRUError {
  return new GRUError(code, message, causeOf(extras));
}

/** `error` with another sentence after its message. */
export function withRemark(error: GRUError, remark: string): GRUError {
  return new GRUError(error.code, `${error.message} ${remark}`, { cause: error });
}

/** `error` with what it happened in before its message. */
export function inPlace(place: string, error: GRUError): GRUError {
  return new GRUError(error.code, `In ${place}: ${error.message}`, { cause: error });
}

/** Whoever throws `undefined` is a cause too. An error without a cause has no property of that name. */
function causeOf(extras: { readonly cause?: unknown }): { cause: unknown } | undefined {
  return "cause" in extras ? { cause: extras.cause } : undefined;
}

/** For an error whose cause is not always there: `undefined` is none. */
export function maybeCause(cause: unknown): { cause?: unknown } {
  return cause === undefined ? {} : { cause };
}
