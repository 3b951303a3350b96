import { expected } from "../errors/messages.js";

import type { NativeArray } from "../native/binding.js";
import { KerasObject } from "./serialization.js";
import { sizeOf } from "./shape.js";

/**
 * The base class of Keras's initializers. An initializer computes the first values of a weight. Extend it for
 * initializers of your own, and pass them as instances or through `custom_objects`.
 */
export abstract class Initializer extends KerasObject {
  static override readonly module: string = "keras.initializers";

  /**
   * Fills `out`, the row-major data of a tensor of `shape`. Throws `ERR_SHAPE` and leaves `out` unchanged when the
   * initializer cannot fill this shape.
   */
  abstract fill(out: NativeArray, shape: readonly number[]): void;
}

/** Throws `ERR_SHAPE` unless `out` has as many elements as a tensor of `shape`. */
export function checkSize(out: NativeArray, shape: readonly number[]): void {
  if (out.length === sizeOf(shape)) return;
  throw expected("ERR_SHAPE", "out", `${sizeOf(shape)} elements, those of shape [${shape.join(", ")}],`, out.length);
}
