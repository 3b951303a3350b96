import type { GRUError } from "../../../errors/gru_error.js";
import { incompleteError } from "../../../errors/messages.js";
import { fileError } from "../../../formats/file_errors.js";

/** Makes the error about a layer that tfjs or Keras does not compute as the other does. `where` names the layer. */
export function refused(where: string, message: string): GRUError {
  return incompleteError("ERR_UNSUPPORTED", `${where}: ${message}`);
}

/** Makes the error about a layer whose description is malformed. `where` names the layer. */
export function malformed(where: string, message: string, cause?: unknown): GRUError {
  return fileError(`${where}: ${message}`, cause);
}

/** Returns a value of a config for messages, shortened. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
