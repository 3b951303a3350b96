import { expected } from "../errors/messages.js";

/** Returns the number of elements of `shape`, which is 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}

/** Returns `axis` counted from the start. Throws `ERR_SHAPE` when `shape` has no such axis. */
export function resolveAxis(axis: number, shape: readonly number[]): number {
  const resolved = axis < 0 ? axis + shape.length : axis;
  if (resolved >= 0 && resolved < shape.length) return resolved;
  throw expected("ERR_SHAPE", "axis", `an axis of a tensor of shape [${shape.join(", ")}]`, axis);
}
