// Built layers for tests of bad input, and what such input must leave as it was.
import type { Bidirectional, GRUStack } from "cudnn-gru";
import { count, numbers } from "../layers/support.js";

/** Everything that a failed call must leave as it was. */
export function stateOf(layer: Bidirectional | GRUStack): unknown {
  return {
    built: layer.built,
    weights: layer.getWeights().map(({ data }) => [...data]),
    states: layer.states?.map((state) => state && [...state.data]),
    losses: layer.losses,
    config: layer.getConfig(),
  };
}

/** Builds a layer, and gives it reproducible weights. Returns the layer. */
export function built(layer: Bidirectional | GRUStack, features: number): typeof layer {
  layer.build([null, null, features]);
  layer.setWeights(layer.weights.map(({ shape }, index) => numbers(count(shape), 3 + index)));
  return layer;
}
