/**
 * What a program imports from `cudnn-gru`. The constructor of {@link GRU} is described in {@link GRUConstructor}, and the
 * methods of a layer in {@link GRULayer}, which is the type of all layers.
 *
 * @module cudnn-gru
 */
export * from "../../lib/index.js";
// Not a name of the package: every `GRU` is one, so its members belong into the reference.
export { GRULayer } from "../../lib/layers/layer.js";
