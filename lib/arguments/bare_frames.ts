import { formatShape } from "../errors/describe.js";
import type { GRUError } from "../errors/gru_error.js";
import { expectedText } from "../errors/messages.js";

const REMEDY =
  "A block for several rows must be a tensor or nested arrays, because a bare array does not say which row a frame belongs to.";

/**
 * Makes the error of a bare array that is no frame of a stream, and no block of frames either, which it can be in a
 * stream of one row alone. `shape` is that of a frame, `(batch, …)`, which has `count` elements.
 */
export function noBareFrames(name: string, length: number, shape: readonly number[], count: number): GRUError {
  const wanted = `${count} elements (shape ${formatShape(shape)})`;
  if (shape[0] === 1) {
    return expectedText("ERR_SHAPE", name, `${wanted}, or a multiple of them for a block of timesteps,`, `${length}`);
  }
  const wouldBeBlock = length > count && length % count === 0;
  return expectedText("ERR_SHAPE", name, wanted, `${length}`, wouldBeBlock ? { remedy: REMEDY } : {});
}
