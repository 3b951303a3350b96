import { fileError } from "../../../formats/file_errors.js";

/** The most calls of layers in a model, those of models inside models counted as often as these are called. */
const MOST_CALLS = 100_000;

/** Counts calls. Models inside models that are called twice could otherwise take any time. */
export class CallBudget {
  #left = MOST_CALLS;

  /** Throws `ERR_FILE_FORMAT` when a model has too many calls. */
  take(): void {
    this.#left -= 1;
    if (this.#left < 0) throw fileError(`expected at most ${MOST_CALLS} calls of layers but found more`);
  }
}
