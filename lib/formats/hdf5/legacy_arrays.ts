import { fileError } from "../file_errors.js";
import { MAX_HDF5_OBJECTS } from "../limits.js";
import type { Hdf5File } from "./hdf5_file.js";

/** One array of a legacy file: its name, its absolute path in the file, and its shape. */
export interface LegacyArray {
  name: string;
  path: string;
  shape: number[];
}

/** The arrays of one top-level layer of a legacy file, in the file's order. */
export interface LegacyArrays {
  layer: string;
  arrays: LegacyArray[];
}

/** A whole model in an `.h5` file of Keras 1, 2 or 3, without the numbers. */
export interface LegacyModel {
  kerasVersion: string | undefined;
  /** The model's config as JSON. Absent in a file that has weights only. */
  modelConfig: string | undefined;
  layers: LegacyArrays[];
}

/**
 * Reads the config and the names of all arrays of a whole-model `.h5` file.
 *
 * @throws GRUError `ERR_FILE_FORMAT` if it is not a model file, or is damaged or too large.
 */
export function legacyModel(file: Hdf5File): LegacyModel {
  const root = file.names("/").has("model_weights") ? "model_weights" : "";
  const weights = file.group(root)!;
  const modelConfig = file.text("/", "model_config");
  const layerNames = file.texts(weights, "layer_names");
  if (layerNames === undefined) {
    if (modelConfig === undefined) return { kerasVersion: undefined, modelConfig, layers: [] };
    throw fileError(`expected layer_names in ${root || "the file"} but found none`);
  }
  if (new Set(layerNames).size < layerNames.length) {
    throw fileError("expected each layer once in layer_names but found one twice");
  }
  const kerasVersion = file.text("/", "keras_version") ?? file.text(weights, "keras_version");
  let count = 0;
  const layers = layerNames.map((layer) => {
    const arrays = arraysOf(file, root === "" ? layer : `${root}/${layer}`, layer);
    count += 1 + arrays.length;
    if (count > MAX_HDF5_OBJECTS) throw fileError(`expected at most ${MAX_HDF5_OBJECTS} arrays but found more`);
    return { layer, arrays };
  });
  return { kerasVersion, modelConfig, layers };
}

function arraysOf(file: Hdf5File, group: string, layer: string): LegacyArray[] {
  const path = file.group(group);
  if (path === undefined) throw fileError(`expected a group for layer ${JSON.stringify(layer)} but found none`);
  const names = file.texts(path, "weight_names") ?? [];
  if (names.length > MAX_HDF5_OBJECTS) throw fileError(`expected at most ${MAX_HDF5_OBJECTS} arrays but found more`);
  return names.map((name) => {
    const shape = file.shape(`${group}/${name}`);
    if (shape === undefined) throw fileError(`expected an array ${name} in ${path} but found none`);
    return { name, path: `${path}/${name}`, shape };
  });
}
