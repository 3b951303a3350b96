/**
 * Keras's GRU for tfjs, which needs the package `@tensorflow/tfjs` (^4.22). After importing this module,
 * `tf.loadLayersModel` makes models with this GRU. tfjs's own layers stay unchanged.
 *
 * @packageDocumentation
 */
import type { GRULayerArgs } from "./arguments.js";
import { GRU } from "./gru.js";
import { register } from "./registry.js";

register();

/** Makes a {@link GRU}, in the way of `tf.layers`. Throws a `GRUError` for bad arguments. */
export function gru(args: GRULayerArgs): GRU {
  return new GRU(args);
}

export type { GRULayerArgs, Identifier } from "./arguments.js";
export { Bidirectional, type BidirectionalArgs, bidirectional } from "./bidirectional.js";
export { fileSystem } from "./files.js";
export { type KerasFileOptions, kerasFile } from "./keras_file/handler.js";
export { GRU };
