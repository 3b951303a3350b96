import { encodeHdf5, type Hdf5Dataset, type Hdf5Group } from "../hdf5/writer.js";
import type { WeightData } from "./gru_variables.js";

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
  const members: Record<string, Hdf5Group> = {};
  const counts = new Map<string, number>();
  for (const layer of layers) {
    const { kind } = layer;
    const number = counts.get(kind) ?? 0;
    counts.set(kind, number + 1);
    members[number === 0 ? kind : `${kind}_${number}`] = groupOf(layer);
  }
  return encodeHdf5({ members: { layers: { members }, vars: variables("sequential", []) } });
}

function groupOf(layer: LayerToWrite): Hdf5Group {
  if (layer.kind === "bidirectional") {
    const { name, forward, backward } = layer;
    return {
      members: { backward_layer: gruGroup(backward), forward_layer: gruGroup(forward), vars: variables(name, []) },
    };
  }
  return layer.kind === "gru" ? gruGroup(layer) : { members: { vars: variables(layer.name, layer.weights) } };
}

function gruGroup({ name, weights }: Omit<SingleLayer, "kind">): Hdf5Group {
  return { members: { cell: { members: { vars: variables("gru_cell", weights) } }, vars: variables(name, []) } };
}

function variables(name: string, weights: readonly WeightData[]): Hdf5Group {
  return {
    members: Object.fromEntries(weights.map((weight, index) => [`${index}`, dataset(weight)])),
    texts: { name },
  };
}

function dataset({ shape, dtype, data }: WeightData): Hdf5Dataset {
  return { shape, dtype, data, ...(dtype === "bfloat16" ? { texts: { dtype } } : {}) };
}
