import { reading } from "../errors/reading.js";
import { inFile } from "../formats/file_errors.js";
import { type FileSource, readSource } from "../formats/source.js";
import { type WholeModelFile, withWholeModel } from "../formats/whole_model.js";
import { readRecord } from "../options/record.js";
import { type CustomLayer, type CustomLayers, readCustomLayers } from "./custom_layers.js";
import { entryError, readEntry, unsupported } from "./graph/entry.js";
import { flatten } from "./graph/structure.js";
import { fillWeights } from "./layers/fill_weights.js";
import { LayerMaker } from "./layers/make_layer.js";
import { ModelLayer } from "./layers/model_layer.js";
import { KerasModel } from "./model.js";

/** The arguments of `loadKerasModel`, beside the file. */
export interface LoadKerasModelArguments {
  /** Layers of your own, by the class or the registered name of the layer, or by the name of a Lambda layer. */
  custom_objects?: CustomLayers | null | undefined;
}

/** The most calls of layers in a prediction, those of models inside models counted as often as these are called. */
const MOST_CALLS = 100_000;

const KNOWN = new Set(["custom_objects"]);

/**
 * Loads a whole Keras model for inference: a `.keras` file of Keras 3 or tf.keras 2.12 and later, or a whole-model `.h5`
 * file of any version. `source` is the file's path, its `file:` URL or its bytes, which are copied before this function
 * returns.
 *
 * Rejects with `ERR_ARGUMENT` when there is no such file, with `ERR_FILE_FORMAT` when it is damaged or its weights do not
 * fit its config, and with `ERR_UNSUPPORTED` for a layer that this package does not compute, which the message names.
 */
export async function loadKerasModel(source: FileSource, args?: LoadKerasModelArguments | null): Promise<KerasModel> {
  const file = readSource(source);
  const { custom_objects } = reading("loadKerasModel", () => readRecord(args ?? {}, KNOWN, "loadKerasModel"));
  const custom = readCustomLayers(custom_objects);
  return inFile(file, () => withWholeModel(file, async (whole) => new KerasModel(await readModel(whole, custom))));
}

/** Reads the model of an open file, and its weights. Rejects with the errors of `loadKerasModel`. */
export async function readModel(
  { config, legacy, weights }: WholeModelFile,
  custom: ReadonlyMap<string, CustomLayer>,
): Promise<ModelLayer> {
  const place = { names: [], group: "", trainable: true, legacy };
  const entry = { ...readEntry(config, place, ""), place };
  const layer = new LayerMaker(custom).layer(entry);
  if (!(layer instanceof ModelLayer)) {
    const remedy = "Build it from layers with the functional API, and save it again";
    throw unsupported(entry, "its config does not describe its layers: a subclassed model?", remedy);
  }
  if (layer.calls > MOST_CALLS)
    throw entryError(entry, `expected at most ${MOST_CALLS} calls of layers but found more`);
  // Reading the inputs checks them.
  flatten(layer.inputs);
  await fillWeights(layer, weights);
  return layer;
}
