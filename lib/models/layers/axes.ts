import { unsupported } from "../graph/entry.js";
import type { Layer } from "./layer.js";

/**
 * Returns the position among the axes after the batch of Keras's `axis`, which counts the batch and may be negative.
 *
 * Throws `ERR_SHAPE` for an axis that does not exist, and `ERR_UNSUPPORTED` for the batch.
 */
export function itemAxis(layer: Layer, axis: number, rank: number): number {
  const position = axis < 0 ? axis + rank : axis;
  if (position < 0 || position >= rank) {
    throw layer.failure("ERR_SHAPE", "axis", `an axis of inputs with ${rank} axes`, `${axis}`);
  }
  if (position === 0) throw unsupported(layer.entry, "expected an axis after the batch but found the batch itself");
  return position - 1;
}
