/**
 * Keras's GRU for tfjs. Importing this lets `tf.loadLayersModel` make models with it; tfjs's own layers stay what they are.
 * Needs the package `@tensorflow/tfjs` (^4.22).
 */
import type { GRULayerArgs } from "./arguments.js";
import { GRU } from "./gru.js";
import { register } from "./registry.js";

register();

/** As `new GRU(args)`, in the way of `tf.layers`. */
export function gru(args: GRULayerArgs): GRU {
  return new GRU(args);
}

export type { GRULayerArgs, Identifier } from "./arguments.js";
export { Bidirectional, type BidirectionalArgs, bidirectional } from "./bidirectional.js";
export { fileSystem } from "./files.js";
export { GRU };
