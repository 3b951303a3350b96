import { expected } from "../errors/messages.js";

import type { NativeArray } from "../native/binding.js";
import { KerasObject } from "./serialization.js";
import { sizeOf } from "./shape.js";

/** The base class of Keras's initializers: they give a weight its first values. */
export abstract class Initializer extends KerasObject {
  static override readonly module: string = "keras.initializers";

  /**
   * Fills `out`, the row-major data of a tensor of `shape`. Throws `ERR_SHAPE`, with `out` as it was, when the
   * initializer cannot make this shape.
   */
  abstract fill(out: NativeArray, shape: readonly number[]): void;
}

/** Throws `ERR_SHAPE` unless `out` holds a tensor of `shape`. */
export function checkSize(out: NativeArray, shape: readonly number[]): void {
  if (out.length === sizeOf(shape)) return;
  throw expected("ERR_SHAPE", "out", `${sizeOf(shape)} elements, those of shape [${shape.join(", ")}],`, out.length);
}
