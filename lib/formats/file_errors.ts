import { GRUError, type GRUErrorCode } from "../errors/gru_error.js";
import { expectedText, incompleteError, maybeCause } from "../errors/messages.js";
import type { Source } from "./source.js";

/** Makes an error about the contents of a file. {@link inFile} adds which file it is. */
export function fileError(message: string, cause?: unknown): GRUError {
  return incompleteError("ERR_FILE_FORMAT", message, maybeCause(cause));
}

const FILE_CODES: ReadonlySet<GRUErrorCode> = new Set(["ERR_FILE_FORMAT", "ERR_UNSUPPORTED"]);

/**
 * Runs `read`. When it throws an error about the contents of the file, the error also names the file, which should be a
 * readable `kind`.
 */
export async function inFile<T>({ shown }: Source, read: () => Promise<T>, kind = "Keras model file"): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof GRUError && FILE_CODES.has(error.code)) {
      const { code, message, cause } = error;
      const received = `${shown}: ${message.replace(/\.$/, "")}`;
      throw expectedText(code, "source", `a readable ${kind}`, received, maybeCause(cause));
    }
    throw error;
  }
}

/** Joins `items` for a message, each quoted, and at most `limit` of them. */
export function quotedList(items: readonly string[], limit = 20): string {
  const shown = items
    .slice(0, limit)
    .map((item) => JSON.stringify(item.length > 100 ? `${item.slice(0, 100)}…` : item));
  const left = items.length - shown.length;
  return left > 0 ? `${shown.join(", ")} and ${left} more` : shown.join(", ");
}
