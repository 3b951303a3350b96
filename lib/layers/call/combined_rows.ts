import type { FloatArray } from "../../native/arrays.js";

/** One request's part of a combined call: its rows, and how many of the call's timesteps are its own. */
export interface Part {
  readonly firstRow: number;
  readonly rows: number;
  readonly timesteps: number;
}

/**
 * The rows of a call that computes several requests, each row padded on the right to the longest. They tell the call that
 * the padding is not a mask of the user's, so that each row gets the result that it would get alone.
 */
export interface CombinedRows {
  readonly parts: readonly Part[];
  /** For each row, whether the request itself masks its last step. */
  readonly endsMasked: readonly boolean[];
}

/** A copy of a part's rows of a (rows, units) array. */
export function rowsOfPart<D extends FloatArray>(data: D, { firstRow, rows }: Part, units: number): D {
  return data.slice(firstRow * units, (firstRow + rows) * units) as D;
}

/** The layout of a combined call's (rows, longest, units) output. */
export interface CombinedSteps {
  /** Timesteps of the longest request. */
  readonly longest: number;
  readonly units: number;
  /** A call that goes backwards has its padding first. */
  readonly goBackwards: boolean;
}

/** A copy of a part's own steps of the output of a combined call with `return_sequences`. */
export function stepsOfPart<D extends FloatArray>(
  data: D,
  { firstRow, rows, timesteps }: Part,
  { longest, units, goBackwards }: CombinedSteps,
): D {
  const size = timesteps * units;
  const own = data.slice(0, rows * size) as D;
  const skipped = goBackwards ? longest - timesteps : 0;
  for (let row = 0; row < rows; row++) {
    const from = ((firstRow + row) * longest + skipped) * units;
    own.set(data.subarray(from, from + size), row * size);
  }
  return own;
}
