import type { ConfigLayer } from "./config_tree.js";
import type { StoredVariable, VariableRequest } from "./hdf5_dataset.js";
import type { StoredLayer } from "./stored_layers.js";

/** A model file that says what its layers are. */
export interface ModelWithConfig {
  kind: "model";
  /** Whether Keras 2 (or 1) wrote it, whose configs mean other things. */
  legacy: boolean;
  layers: ConfigLayer[];
  /** The variables of one of `layers`, which must be of these shapes. */
  read(layer: ConfigLayer, variables: VariableRequest[]): Promise<StoredVariable[]>;
  /** Passes the model's weights to `use` as if the file held nothing else; not for legacy files. */
  withWeights?<T>(use: (weights: WeightsOnly) => Promise<T>): Promise<T>;
}

/** A model file that holds numbers only. */
export interface WeightsOnly {
  kind: "weights";
  layers: StoredLayer[];
  read(layer: StoredLayer): Promise<StoredVariable[]>;
}
