import type { GRUError } from "../../errors/gru_error.js";
import { expectedText } from "../../errors/messages.js";
import { modernConfig } from "../../keras/legacy_config.js";
import { fileError, inFile } from "../file_errors.js";
import { shapeText } from "../hdf5/dataset.js";
import { withModelFile } from "../model_file.js";
import { type FileSource, readSource, type Source } from "../source.js";
import type { ConfigLayer } from "./config_tree.js";
import { fromCudnnGru } from "./cudnn_weights.js";
import { expectedVariables, loadableConfig, toWeight, type WeightData } from "./gru_variables.js";
import { joinedGates } from "./keras1_weights.js";
import type { ModelWithConfig, WeightsOnly } from "./model_contents.js";
import { selectGru } from "./select_layer.js";
import type { StoredLayer } from "./stored_layers.js";

/** The weights of a GRU layer in a Keras model file. */
export interface KerasLayerWeights {
  /** kernel `(F, 3U)`, recurrent_kernel `(U, 3U)` and, with `use_bias`, bias `(2, 3U)` or `(3U,)`. Row-major. */
  weights: WeightData[];
  /** F, the number of features of the input that the layer was built for. */
  features: number;
  /** The layer's path in the model, such as `"encoder"` or `"bidirectional/forward_layer"`. */
  path: string;
  /** The `reset_after` of the layer. Known when the file contains it, or when its writer knows only one. */
  resetAfter?: boolean | undefined;
}

/** A GRU layer read from a Keras model file. */
export interface KerasLayerFile extends KerasLayerWeights {
  /** The layer's config, as Keras's `GRU.get_config()` returns it. */
  config: Record<string, unknown>;
}

/** Which layer to read. */
export interface ReadOptions {
  layer?: string;
}

/**
 * Reads the config and the weights of one GRU layer from a model file: a `.keras` file, a whole-model `.h5` file, or a
 * safetensors file that `saveWeights` wrote.
 *
 * `layer` is the layer's Keras name (`"encoder"`). For a nested layer it is the names from the outside in, joined by
 * `/`: `"encoder_model/gru"`, `"bidirectional/forward_layer"`, `"bidirectional/backward_layer"`,
 * `"time_distributed/gru"`. It may be omitted when the model has one GRU.
 *
 * Configs of Keras 1 and 2 are converted to Keras 3's, and a CuDNNGRU to the GRU that computes the same. Weights keep
 * the file's dtype. Weights that Keras 1 or PyTorch laid out in other ways are converted to Keras's layout.
 *
 * @throws GRUError `ERR_ARGUMENT` if `file` is not a readable file or contains only weights, if the model has no GRU,
 * or if `layer` does not name exactly one; `ERR_FILE_FORMAT` if the file is not a complete model file, is damaged, or
 * contains weights that do not fit the layer's config; `ERR_UNSUPPORTED` for quantized layers.
 */
export async function readKerasGru(file: FileSource | Source, options: ReadOptions = {}): Promise<KerasLayerFile> {
  const source = readSource(file);
  const wanted = wantedLayer(options);
  return inFile(source, () =>
    withModelFile(source, (model) => {
      if (model.kind === "weights") return readConfigured(model, wanted, source);
      return readLayer(model, selectGru(model.layers, wanted, source));
    }),
  );
}

/**
 * Reads the weights of one GRU layer from a model file of any kind, weights-only ones included. `layer` has the same
 * form as for {@link readKerasGru}. In a `.weights.h5` file it may also be the layer's group, such as `"layers/gru_1"`.
 *
 * @throws GRUError the errors of {@link readKerasGru}.
 */
export async function readGruWeights(file: FileSource | Source, options: ReadOptions = {}): Promise<KerasLayerWeights> {
  const source = readSource(file);
  const wanted = wantedLayer(options);
  return inFile(source, () =>
    withModelFile<KerasLayerWeights>(source, (model) => {
      if (model.kind === "weights") return readStored(model, wanted, source);
      // The config of a subclassed model does not describe its layers, but its weights do.
      if (model.layers.length === 0 && model.withWeights) {
        return model.withWeights((weights) => readStored(weights, wanted, source));
      }
      return readLayer(model, selectGru(model.layers, wanted, source));
    }),
  );
}

function wantedLayer({ layer }: ReadOptions): string | undefined {
  if (layer !== undefined && (typeof layer !== "string" || layer === "")) {
    throw expectedText("ERR_ARGUMENT", "layer", "a layer name", show(layer));
  }
  return layer;
}

/** Returns the error about a file without the configs that making a layer needs. `remedy` says how to make it. */
export function weightsOnly(
  { shown }: Source,
  remedy = "Make the layer with new GRU(units, ...) and call its loadWeights(source, { layer }).",
): GRUError {
  const wanted = "a model file with the layers' configs";
  return expectedText("ERR_ARGUMENT", "source", wanted, `${shown}, which holds weights only`, { remedy });
}

/** Returns the error about a file without the weights of a GRU. */
export function noGru({ shown }: Source): GRUError {
  return expectedText(
    "ERR_ARGUMENT",
    "source",
    "a file with the weights of a GRU",
    `${shown}, none of whose weights have the shapes of a GRU's`,
  );
}

async function readLayer(model: ModelWithConfig, found: ConfigLayer): Promise<KerasLayerFile> {
  const [file] = await readLayers(model, [found]);
  return file as KerasLayerFile;
}

/** Reads GRUs of a model that describes its layers. */
export async function readLayers(model: ModelWithConfig, found: readonly ConfigLayer[]): Promise<KerasLayerFile[]> {
  const requests = found.map((layer) => {
    const own = model.legacy ? { ...layer, config: modernConfig(layer.config, layer.className, layer.label) } : layer;
    return { layer, config: loadableConfig(own), variables: expectedVariables(own) };
  });
  const stored = await model.read(requests);
  return requests.map(({ layer, config }, index) => {
    const resetAfter = typeof config.reset_after === "boolean" ? config.reset_after : undefined;
    return { config, ...inGruLayout((stored[index] ?? []).map(toWeight)), path: layer.label, resetAfter };
  });
}

async function readStored(model: WeightsOnly, wanted: string | undefined, source: Source): Promise<KerasLayerWeights> {
  if (model.layers.length === 0) throw noGru(source);
  return readStoredLayer(model, selectGru(model.layers, wanted, source));
}

/** Reads one GRU of a file that contains only numbers. */
export async function readStoredLayer(model: WeightsOnly, layer: StoredLayer): Promise<KerasLayerWeights> {
  const stored = await model.read(layer);
  return { ...inGruLayout(stored.map(toWeight)), path: layer.label, resetAfter: layer.resetAfter };
}

/** Reads a layer from a file that has its config beside the weights. */
async function readConfigured(model: WeightsOnly, wanted: string | undefined, source: Source): Promise<KerasLayerFile> {
  if (model.layers.length > 0 && model.layers.every(({ config }) => config === undefined)) throw weightsOnly(source);
  const { weights, features, path: label } = await readStored(model, wanted, source);
  const layer = model.layers.find((one) => one.label === label)!;
  if (layer.config === undefined) throw weightsOnly(source);
  const described = {
    ...layer,
    sharedAt: [],
    name: label,
    config: layer.config,
    trainable: true,
    inputShape: undefined,
  };
  expectedVariables(described).forEach(({ label: name, shape }, index, all) => {
    const found = weights[index]?.shape;
    const fits = found?.length === shape.length && found.every((size, axis) => (shape[axis] ?? size) === size);
    if (fits && weights.length === all.length) return;
    throw fileError(`expected ${name} of shape ${shapeText(shape)} but found ${found ? shapeText(found) : "none"}`);
  });
  return { config: loadableConfig(described), weights, features, path: label };
}

function inGruLayout(stored: WeightData[]): { weights: WeightData[]; features: number } {
  const weights = joinedGates(stored);
  const units = weights[1]!.shape[0]!;
  const [, , bias] = weights;
  const isCudnn = bias?.shape.length === 1 && bias.shape[0] === 6 * units;
  return { weights: isCudnn ? fromCudnnGru(weights) : weights, features: weights[0]!.shape[0]! };
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : value === null ? "null" : typeof value;
}
