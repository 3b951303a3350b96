import type { WeightData } from "./gru_variables.js";
import { encodeWeightGroups, type WeightGroup } from "./weight_groups.js";

/** A layer whose weights are written to a `.weights.h5` file. Weights are in Keras's order. */
export type LayerToWrite = SingleLayer | BidirectionalToWrite;

/** A layer with weights of its own. */
export interface SingleLayer {
  /** Keras's name of its class in such files. */
  readonly kind: "gru" | "dense";
  /** The layer's Keras name. */
  readonly name: string;
  readonly weights: readonly WeightData[];
}

/** A Bidirectional of two GRUs. */
export interface BidirectionalToWrite {
  /** Keras's name of its class in such files. */
  readonly kind: "bidirectional";
  /** The layer's Keras name. */
  readonly name: string;
  readonly forward: Omit<SingleLayer, "kind">;
  readonly backward: Omit<SingleLayer, "kind">;
}

/**
 * Returns the `.weights.h5` file that Keras 3's `save_weights` writes for a Sequential model of `layers`, in parts to
 * be written one after the other. Keras finds a layer's weights by its class and its number among the layers of that
 * class. Any Sequential or Functional model whose only layers with variables are these can therefore load it.
 */
export function encodeKerasWeights(layers: readonly LayerToWrite[]): Uint8Array[] {
  const groups: WeightGroup[] = [{ path: "", name: "sequential", weights: [] }];
  const counts = new Map<string, number>();
  for (const layer of layers) {
    const { kind } = layer;
    const number = counts.get(kind) ?? 0;
    counts.set(kind, number + 1);
    groups.push(...groupsOf(layer, `layers/${number === 0 ? kind : `${kind}_${number}`}`));
  }
  return encodeWeightGroups(groups);
}

function groupsOf(layer: LayerToWrite, path: string): WeightGroup[] {
  if (layer.kind === "bidirectional") {
    const { name, forward, backward } = layer;
    return [
      { path, name, weights: [] },
      ...gruGroups(forward, `${path}/forward_layer`),
      ...gruGroups(backward, `${path}/backward_layer`),
    ];
  }
  return layer.kind === "gru" ? gruGroups(layer, path) : [{ path, name: layer.name, weights: layer.weights }];
}

function gruGroups({ name, weights }: Omit<SingleLayer, "kind">, path: string): WeightGroup[] {
  return [
    { path, name, weights: [] },
    { path: `${path}/cell`, name: "gru_cell", weights },
  ];
}
