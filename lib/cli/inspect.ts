import { type ConfigLayer, layerPath, listLayers } from "../formats/keras_files/config_tree.js";
import { readSource } from "../formats/source.js";
import { withWholeModel } from "../formats/whole_model.js";
import { GRU, GRUError } from "../index.js";
import { loadKerasModel } from "../models/load_keras_model.js";
import type { KerasModel, ModelTensor } from "../models/model.js";

/** A GRU in a model: its arguments, and the path that its calls would take on this machine. */
export interface GruReport {
  path: string;
  /** (features, 3 units) and (units, 3 units); the features are `null` where the file does not say them. */
  kernel: [number | null, number];
  recurrent_kernel: [number, number];
  /** The arguments that differ from Keras's defaults. */
  arguments: Record<string, unknown>;
  /** The path of a call in `predict`. `null` for a layer whose arguments are not supported. */
  computed_by: "cudnn" | "cpu" | null;
  /** Why: the requirements of cuDNN that are not met, or why the layer cannot be made. */
  why: string[];
}

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
  const listed = await withWholeModel(readSource(file), async ({ config }) => listLayers(config));
  const grus = listed.filter(({ isGru }) => isGru).map(gruReport);
  const report: InspectReport = {
    file,
    name: null,
    supported: false,
    problem: null,
    inputs: [],
    outputs: [],
    layers: listed.map(({ segments, className }) => ({
      path: layerPath(segments),
      class_name: className,
      output_shapes: [],
      params: null,
    })),
    grus,
    params: null,
    bytes: null,
  };
  try {
    const model = await loadKerasModel(file);
    try {
      return { ...report, supported: true, grus: asExplained(grus, model), ...factsOf(model) };
    } finally {
      model.dispose();
    }
  } catch (error) {
    if (!(error instanceof GRUError)) throw error;
    return { ...report, problem: { code: error.code, message: error.message } };
  }
}

/** Returns the GRUs with the paths that they take in this model, where a mask or the other half of a Bidirectional counts. */
function asExplained(grus: readonly GruReport[], model: KerasModel): GruReport[] {
  const { layers } = model.explain();
  return grus.map((gru) => {
    const own = layers.find(({ name }) => name === gru.path);
    if (own === undefined) return gru;
    const why = own.requirements.filter(({ met }) => !met).map(({ id, detail }) => `${id}: ${detail}`);
    return { ...gru, computed_by: own.path, why };
  });
}

function factsOf(model: KerasModel): Partial<InspectReport> {
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
    params: layers.reduce((sum, { params }) => sum + params, 0),
    bytes: layers.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Arguments of every config that say nothing about the computation, or are shown elsewhere. */
const LEFT_OUT = new Set(["name", "units", "trainable", "module", "registered_name"]);

function gruReport({ segments, config, inputShape }: ConfigLayer): GruReport {
  const units = Number(config.units);
  const features = Array.isArray(inputShape) ? (inputShape.at(-1) as number | null) : null;
  const base = {
    path: layerPath(segments),
    kernel: [features, 3 * units] as [number | null, number],
    recurrent_kernel: [units, 3 * units] as [number, number],
  };
  try {
    const gru = GRU.fromConfig(config);
    try {
      const { path, requirements } = gru.explain();
      const own = gru.getConfig() as Record<string, unknown>;
      const usual = new GRU(units).getConfig() as Record<string, unknown>;
      const differing = Object.entries(own).filter(
        ([key, value]) => !LEFT_OUT.has(key) && JSON.stringify(value) !== JSON.stringify(usual[key]),
      );
      const unmet = requirements.filter(({ met }) => !met).map(({ id, detail }) => `${id}: ${detail}`);
      return { ...base, arguments: Object.fromEntries(differing), computed_by: path, why: unmet };
    } finally {
      gru.dispose();
    }
  } catch (error) {
    if (!(error instanceof GRUError)) throw error;
    return { ...base, arguments: config, computed_by: null, why: [error.message] };
  }
}
