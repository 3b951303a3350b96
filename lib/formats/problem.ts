import { GRUError, type GRUErrorCode } from "../errors/gru_error.js";
import { expectedText, inner, maybeCause } from "../errors/messages.js";
import type { Source } from "./source.js";

/** An error about the contents of a file; {@link inFile} adds which file. */
export function fileProblem(message: string, cause?: unknown): GRUError {
  return inner("ERR_FILE_FORMAT", message, maybeCause(cause));
}

const FILE_CODES: ReadonlySet<GRUErrorCode> = new Set(["ERR_FILE_FORMAT", "ERR_UNSUPPORTED"]);

/** Runs `read`; an error it throws about the contents of the file then names the file, which should be a readable `kind`. */
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

/** Runs the dynamic import `load` of the runtime dependency `name`; `ERR_UNSUPPORTED` if it is not installed. */
export async function dependency<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw inner("ERR_UNSUPPORTED", `reading it needs the package ${name}, which could not be loaded`, { cause });
  }
}

/** Joins `items` for a message, each quoted, at most `limit` of them. */
export function quotedList(items: readonly string[], limit = 20): string {
  const shown = items
    .slice(0, limit)
    .map((item) => JSON.stringify(item.length > 100 ? `${item.slice(0, 100)}…` : item));
  const left = items.length - shown.length;
  return left > 0 ? `${shown.join(", ")} and ${left} more` : shown.join(", ");
}
