import type { FloatArray } from "../../native/arrays.js";

/** The part of a combined call that belongs to one request: its rows, and its number of timesteps. */
export interface RequestPart {
  readonly firstRow: number;
  readonly rows: number;
  readonly timesteps: number;
}

/**
 * The rows of a call that computes several requests. Each row is padded on the right to the longest request. With this
 * value the call knows that the padding is not a mask of the user, so that each row gets the same result as alone.
 */
export interface CombinedRows {
  readonly parts: readonly RequestPart[];
  /** For each row: true when the request itself masks its last step. */
  readonly endsMasked: readonly boolean[];
}

/** Returns a copy of a part's rows of a (rows, units) array. */
export function rowsOfPart<D extends FloatArray>(data: D, { firstRow, rows }: RequestPart, units: number): D {
  return data.slice(firstRow * units, (firstRow + rows) * units) as D;
}

/** The layout of a combined call's (rows, longest, units) output. */
export interface CombinedSteps {
  /** The number of timesteps of the longest request. */
  readonly longest: number;
  readonly units: number;
  /** True for a call that goes backwards, whose padding comes first. */
  readonly goBackwards: boolean;
}

/** Returns a copy of a part's own steps of the output of a combined call with `return_sequences`. */
export function stepsOfPart<D extends FloatArray>(
  data: D,
  { firstRow, rows, timesteps }: RequestPart,
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

/**
 * Returns a copy of the (rows, longest, width) output of a combined call in which the steps of every part come before
 * its padding. In `data` the padding comes first.
 */
export function stepsToFront<D extends FloatArray>(data: D, parts: readonly RequestPart[], longest: number): D {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const width = rows === 0 ? 0 : data.length / (rows * longest);
  const moved = data.slice() as D;
  for (const { firstRow, rows: own, timesteps } of parts) {
    for (let row = firstRow; row < firstRow + own; row++) {
      const start = row * longest * width;
      const padding = (longest - timesteps) * width;
      moved.copyWithin(start, start + padding, start + longest * width);
      moved.fill(0, start + timesteps * width, start + longest * width);
    }
  }
  return moved;
}
