import type { Dtype } from "../keras/dtype_policy.js";
import { type FloatArray, Tensor } from "../tensor/tensor.js";

/** A request's part of a combined call: its rows, and how many of the call's timesteps are its own. */
export interface Part {
  readonly firstRow: number;
  readonly rows: number;
  readonly timesteps: number;
}

/**
 * The inputs of one call that computes several requests, each row padded on the right to the longest. Only a batcher makes
 * them. They tell the call that the padding is not a mask of the user's, so that each row gets what it would get alone.
 */
export class CombinedInputs extends Tensor<FloatArray> {
  readonly parts: readonly Part[];
  /** For each row, whether the request itself masks its last step. */
  readonly endsMasked: readonly boolean[];

  constructor(data: FloatArray, shape: number[], dtype: Dtype, parts: readonly Part[], endsMasked: readonly boolean[]) {
    super(data, shape, dtype);
    this.parts = parts;
    this.endsMasked = endsMasked;
  }
}

/** A copy of a part's rows of a (rows, units) array. */
export function rowsOfPart<D extends FloatArray>(data: D, { firstRow, rows }: Part, units: number): D {
  return data.slice(firstRow * units, (firstRow + rows) * units) as D;
}

/** A copy of a part's own steps of a (rows, longest, units) array. In a call that goes backwards the padding comes first. */
export function stepsOfPart<D extends FloatArray>(
  data: D,
  { firstRow, rows, timesteps }: Part,
  longest: number,
  units: number,
  goBackwards: boolean,
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
