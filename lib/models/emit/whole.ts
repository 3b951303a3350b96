import type { Builder } from "../compile/builder.js";
import type { SymbolicTensor } from "../compile/symbolic.js";

/**
 * Returns `x` with the batch as an ordinary axis, in a program that computes the whole batch as one row. Throws
 * `MixesSamples` in any other program.
 */
export function withBatchAxis(builder: Builder, x: SymbolicTensor): SymbolicTensor {
  if (x.repeat === null) return x;
  builder.requireWhole();
  return x.as({ repeat: null, shape: x.rowShape });
}

/** Returns `x`, which is no constant, with its first axis as the batch. A scalar stays as it is. */
export function withFirstAsBatch(x: SymbolicTensor): SymbolicTensor {
  if (x.repeat !== null || x.shape.length === 0 || x.storage.constant !== null) return x;
  return x.as({ repeat: x.shape[0] as number, shape: x.shape.slice(1) });
}

/**
 * Computes with some axes of `x`, which count the batch. `compute` gets axes that count from the first axis of its tensor:
 * those after the batch if the batch is not among them, otherwise those of the whole batch as one row.
 */
export function onAxes(
  builder: Builder,
  x: SymbolicTensor,
  axes: readonly number[],
  compute: (x: SymbolicTensor, axes: readonly number[]) => SymbolicTensor,
): SymbolicTensor {
  if (x.repeat === null) return withFirstAsBatch(compute(x, axes));
  if (!axes.includes(0)) {
    return compute(
      x,
      axes.map((axis) => axis - 1),
    );
  }
  return withFirstAsBatch(compute(withBatchAxis(builder, x), axes));
}
