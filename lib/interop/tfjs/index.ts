/**
 * Keras's GRU for tfjs. Importing this registers it under its Keras name, so that `tf.loadLayersModel` makes models with it.
 * Needs the package `@tensorflow/tfjs` (^4.22).
 */
import type { GRULayerArgs } from "./arguments.js";
import { GRU } from "./gru.js";
import { tf } from "./peer.js";

tf.serialization.registerClass(GRU);

/** As `new GRU(args)`, in the way of `tf.layers`. */
export function gru(args: GRULayerArgs): GRU {
  return new GRU(args);
}

export type { GRULayerArgs, Identifier } from "./arguments.js";
export { fileSystem } from "./files.js";
export { GRU };
