import { encodeHdf5, type Hdf5Dataset, type Hdf5Group } from "../hdf5/writer.js";
import type { WeightData } from "./gru_variables.js";

/** The variables of one layer, or of a part of one that Keras keeps apart, such as the cell of a GRU. */
export interface WeightGroup {
  /** Its place in a Keras 3 weights file, such as `layers/gru/cell`. A model itself has the place `""`. */
  readonly path: string;
  /** The Keras name of the layer or part. */
  readonly name: string;
  /** The variables in Keras's order. There may be none. */
  readonly weights: readonly WeightData[];
}

/** A group that is being filled. */
interface Growing {
  readonly members: Record<string, Growing | Hdf5Group>;
}

/**
 * Returns the HDF5 file that Keras 3 writes for `groups`: a `.weights.h5` file, or the `model.weights.h5` in a `.keras`
 * file. It is in parts to be written one after the other, which share the memory of the weights.
 *
 * Keras finds the variables of the layers in a model by the class of each layer and its number among the model's layers of
 * that class. `path` follows this rule: see `listLayers` in `config_tree.ts`.
 */
export function encodeWeightGroups(groups: readonly WeightGroup[]): Uint8Array[] {
  const root: Growing = { members: {} };
  for (const { path, name, weights } of groups) {
    let group = root;
    for (const part of path === "" ? [] : path.split("/")) group = memberOf(group, part);
    group.members.vars = variables(name, weights);
  }
  return encodeHdf5(root);
}

function memberOf({ members }: Growing, name: string): Growing {
  members[name] ??= { members: {} };
  return members[name] as Growing;
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
