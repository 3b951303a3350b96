/** A sample's middle and ends. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The median, least and greatest of at least one number. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number) => sorted[index] as number;
  const middle = sorted.length >> 1;
  return {
    median: sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  };
}

/** `combine` of the values that two contenders had in the same round. */
export function pairwise(
  a: readonly number[],
  b: readonly number[],
  combine: (a: number, b: number) => number,
): number[] {
  return a.map((value, round) => combine(value, b[round] as number));
}

/** The greatest magnitude, at least 1: what differences between large values are relative to. */
export function scaleOf(values: Float32Array): number {
  return values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
}

/** The greatest absolute difference; infinite where lengths differ or a value is no number. */
export function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] as number) - (b[i] as number));
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}

/** Rows whose products `deviationOfRows` looks at. */
const ROWS_LOOKED_AT = 32;

/** How far some rows of a matrix, evenly spread, are from orthonormal: the greatest error of their products. */
export function deviationOfRows(matrix: Float32Array, rows: number, columns: number): number {
  const looked = Math.min(rows, ROWS_LOOKED_AT);
  const row = (index: number) => {
    const start = Math.floor((index * rows) / looked) * columns;
    return matrix.subarray(start, start + columns);
  };
  let worst = 0;
  for (let i = 0; i < looked; i++) {
    for (let j = i; j < looked; j++) {
      const other = row(j);
      const product = row(i).reduce((sum, value, column) => sum + value * (other[column] as number), 0);
      const error = Math.abs(product - (i === j ? 1 : 0));
      if (!(error <= worst)) worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
    }
  }
  return worst;
}
