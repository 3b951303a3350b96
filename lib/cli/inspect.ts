import { inFile } from "../formats/file_errors.js";
import { listLayers } from "../formats/keras_files/config_tree.js";
import type { Source } from "../formats/source.js";
import { withWholeModel } from "../formats/whole_model.js";
import { GRUError } from "../index.js";
import { readModel } from "../models/load_keras_model.js";
import { KerasModel, type ModelTensor } from "../models/model.js";
import { type GruReport, gruAlone, grusOf, placeOf } from "./inspect_grus.js";
import { modelSource, naming, typedModel } from "./typed.js";

export interface LayerReport {
  path: string;
  class_name: string;
  output_shapes: (readonly (number | null)[])[];
  params: number | null;
}

/** The content of a model file, and the part of it that this package computes. */
export interface InspectReport {
  file: string;
  name: string | null;
  /** Whether `loadKerasModel` can load and compute it. */
  supported: boolean;
  /** The reason why not. */
  problem: { code: string; message: string } | null;
  inputs: ModelTensor[];
  outputs: ModelTensor[];
  layers: LayerReport[];
  grus: GruReport[];
  params: number | null;
  /** The bytes of the weights in the file's dtypes. */
  bytes: number | null;
}

/**
 * Reads a whole model's config, and loads the model as far as it is supported.
 *
 * Rejects with `ERR_ARGUMENT` or `ERR_FILE_FORMAT` for a file that holds no whole model.
 */
export async function inspectFile(file: string): Promise<InspectReport> {
  const source = modelSource(file);
  const listed = await naming(typedModel, () =>
    inFile(source, () => withWholeModel(source, async ({ config }) => listLayers(config))),
  );
  try {
    return { file, supported: true, problem: null, ...(await loaded(source)) };
  } catch (error) {
    if (!(error instanceof GRUError)) throw error;
    return {
      file,
      name: null,
      supported: false,
      problem: { code: error.code, message: error.message },
      inputs: [],
      outputs: [],
      layers: listed.map((layer) => ({
        path: placeOf(layer),
        class_name: layer.className,
        output_shapes: [],
        params: null,
      })),
      grus: listed.filter(({ isGru }) => isGru).map(gruAlone),
      params: null,
      bytes: null,
    };
  }
}

/** Loads a model and returns the facts about it. Rejects with the errors of `loadKerasModel`. */
async function loaded(source: Source): Promise<Omit<InspectReport, "file" | "supported" | "problem">> {
  const layer = await naming(typedModel, () =>
    inFile(source, () => withWholeModel(source, (whole) => readModel(whole, new Map()))),
  );
  const model = new KerasModel(layer);
  try {
    const { name, inputs, outputs, layers } = model;
    return {
      name,
      inputs,
      outputs,
      layers: layers.map(({ path, class_name, output_shapes, params }) => ({
        path,
        class_name,
        output_shapes: [...output_shapes],
        params,
      })),
      grus: grusOf(layer),
      params: layers.reduce((sum, { params }) => sum + params, 0),
      bytes: layers.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  } finally {
    model.dispose();
  }
}
