import type { CurvePoint, CurveRecord } from "../record.js";
import { spreadOf } from "../statistics.js";

/** Float32 numbers in the widest vectors and in a cache line: units are as good as free up to the next multiple. */
export const PADDING = 16;

/** Units up to this one are held against their padded size. */
const MOST_UNITS = 70;

/** The ratio of the times of two points of one curve. The time of a point is its least time of all rounds. */
export interface Comparison {
  size: number;
  against: number;
  ratio: number;
}

/** The size of a point along its curve's axis. */
export function sizeOf({ axis }: CurveRecord, { shape, threads }: CurvePoint): number {
  return axis === "threads" ? threads : shape[axis];
}

function compare(curve: CurveRecord, point: CurvePoint, against: CurvePoint): Comparison {
  const ratio = spreadOf(point.nanoseconds).min / spreadOf(against.nanoseconds).min;
  return { size: sizeOf(curve, point), against: sizeOf(curve, against), ratio };
}

const worst = (comparisons: readonly Comparison[]) =>
  comparisons.reduce<Comparison | null>((most, one) => (most === null || one.ratio > most.ratio ? one : most), null);

/**
 * For each number of units up to 70 on a curve: its time divided by the time of the next multiple of 16. Null for a
 * curve without such points.
 */
export function worstUnaligned(curve: CurveRecord): Comparison | null {
  if (curve.axis !== "units") return null;
  const bySize = new Map(curve.points.map((point) => [sizeOf(curve, point), point]));
  const comparisons: Comparison[] = [];
  for (const [size, point] of bySize) {
    const padded = bySize.get(Math.ceil(size / PADDING) * PADDING);
    if (size <= MOST_UNITS && padded !== undefined && padded !== point) comparisons.push(compare(curve, point, padded));
  }
  return worst(comparisons);
}

/** Where a smaller size takes longest beside a larger one of the same curve; null with fewer than two points. */
export function steepestCliff(curve: CurveRecord): Comparison | null {
  const { points } = curve;
  return worst(points.flatMap((point, at) => points.slice(at + 1).map((larger) => compare(curve, point, larger))));
}
