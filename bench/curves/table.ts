import type { CurveRecord } from "../record.js";
import type { Table } from "../tables.js";
import { type Comparison, steepestCliff, worstUnaligned } from "./findings.js";

/** A row a curve: where more work is done in less time, and what unaligned units cost at worst. */
export function curvesTable(curves: readonly CurveRecord[]): Table {
  const titles = [
    "curve over",
    "at",
    "points",
    "slowest beside a larger size",
    "slowest units up to 70 beside a multiple of 16",
  ];
  const show = (found: Comparison | null) =>
    found === null ? "" : `${found.ratio.toFixed(2)}× (${found.size} beside ${found.against})`;
  const rows = curves.map((curve) => [
    curve.axis,
    curve.series,
    String(curve.points.length),
    show(steepestCliff(curve)),
    show(worstUnaligned(curve)),
  ]);
  return [titles, ...rows];
}
