import type { StoredVariable, VariableRequest } from "../hdf5/dataset.js";
import type { ConfigLayer } from "./config_tree.js";
import type { StoredLayer } from "./stored_layers.js";

/** A layer to read, and the shapes that its variables must have. */
export interface LayerRequest {
  readonly layer: ConfigLayer;
  readonly variables: VariableRequest[];
}

/** A model file that describes its layers. */
export interface ModelWithConfig {
  kind: "model";
  /** True when Keras 1 or 2 wrote it, whose configs have other meanings. */
  legacy: boolean;
  layers: ConfigLayer[];
  /** Reads the variables of some of `layers`, in their order. */
  read(requests: readonly LayerRequest[]): Promise<StoredVariable[][]>;
  /**
   * Passes the model's weights to `use` as if the file contained nothing else. Legacy files do not have this method.
   */
  withWeights?<T>(use: (weights: WeightsOnly) => Promise<T>): Promise<T>;
}

/** A model file that contains only numbers. */
export interface WeightsOnly {
  kind: "weights";
  layers: StoredLayer[];
  read(layer: StoredLayer): Promise<StoredVariable[]>;
}
