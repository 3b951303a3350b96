import { describe, formatShape } from "./describe.js";
import { GRUError, type GRUErrorCode } from "./gru_error.js";

/** The package's one message shape, about a value. */
export function expected(code: GRUErrorCode, name: string, what: string, value: unknown): GRUError {
  return expectedText(code, name, what, describe(value));
}

/** The package's one message shape, where what came is already in words. */
export function expectedText(code: GRUErrorCode, name: string, what: string, received: string): GRUError {
  return new GRUError(code, `Expected ${what} for \`${name}\` but received ${received}.`);
}

/** The message shape, about a shape. */
export function expectedShape(name: string, what: string, shape: readonly (number | null)[]): GRUError {
  return expectedText("ERR_SHAPE", name, what, `shape ${formatShape(shape)}`);
}
