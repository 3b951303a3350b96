import type { Builder } from "../compile/builder.js";
import type { KerasDtype, SymbolicTensor } from "../compile/symbolic.js";
import { stridesOf } from "./strides.js";

/** The reductions of the addon. */
export type Reduction = "sum" | "mean" | "max" | "min" | "prod" | "any" | "all" | "argmax" | "argmin";

/** Which axes after the batch a reduction removes, and whether they stay as axes of length 1. */
export interface ReductionAxes {
  readonly axes: readonly number[];
  readonly keepdims: boolean;
}

/** Returns the reduction of `x` over some of its axes after the batch, as a tensor of `dtype`. */
export function reduce(
  builder: Builder,
  fn: Reduction,
  x: SymbolicTensor,
  { axes, keepdims }: ReductionAxes,
  dtype: KerasDtype = x.dtype,
): SymbolicTensor {
  const lead = x.repeat === null ? 0 : 1;
  const isReduced = (axis: number) => axis >= lead && axes.includes(axis - lead);
  const strides = stridesOf(x.rowShape);
  const all = x.rowShape.map((_, axis) => axis);
  const kept = all.filter((axis) => !isReduced(axis));
  const reduced = all.filter(isReduced);
  const shape = x.shape.flatMap((size, axis) => (axes.includes(axis) ? (keepdims ? [1] : []) : [size]));
  const y = builder.like(x, shape, dtype);
  const sizes = (list: readonly number[]) => list.map((axis) => x.rowShape[axis] as number);
  const steps = (list: readonly number[]) => list.map((axis) => strides[axis] as number);
  builder.emit(
    "reduce",
    { x },
    { y },
    {
      fn,
      repeat: 1,
      kept: sizes(kept),
      keptStrides: steps(kept),
      reduced: sizes(reduced),
      reducedStrides: steps(reduced),
    },
  );
  return y;
}
