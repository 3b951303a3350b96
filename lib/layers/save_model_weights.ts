import { expected, expectedShape, expectedText } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import type { LayerToWrite, WeightData } from "../formats/index.js";
import { everyItem } from "../native/arrays.js";
import { isRecord, refuseUnknown } from "../options/record.js";
import { isVariable, type Variable } from "../variables/variable.js";
import type { Bidirectional } from "./bidirectional.js";
import { compositeOf } from "./composite/composite_layer.js";
import { requireAllBuilt } from "./composite/composite_weights.js";
import { GRULayer } from "./layer.js";
import { readSave, type SaveWeightsArguments } from "./weights/save_weights.js";
import { layerToWrite } from "./wrapper_files.js";

/** The weights of a dense layer of your own: its kernel (inputs, units) and, if it has one, its bias (units). */
export interface DenseWeights {
  /** Says that these are the weights of a dense layer. */
  class_name: "Dense";
  /** The Keras name of the layer; `dense` by default. */
  name?: string | undefined;
  /** The kernel and, if the layer has one, the bias. */
  weights: readonly Variable[];
}

/** A layer of a model whose weights `saveModelWeights` writes. */
export type ModelLayer = GRULayer | Bidirectional | DenseWeights;

const KNOWN = new Set(["class_name", "name", "weights"]);

/**
 * Writes the current weights of several layers to a `.weights.h5` file. It is the file that Keras 3's `save_weights`
 * writes for a model of these layers. Any model with exactly these variables can load it with `load_weights`. The file
 * appears complete or not at all.
 *
 * Rejects with `ERR_ARGUMENT` or `ERR_SHAPE` for bad arguments or a path that cannot be written, with `ERR_NOT_BUILT`,
 * and with `ERR_DISPOSED`.
 */
export async function saveModelWeights(
  path: string,
  layers: readonly ModelLayer[],
  args?: SaveWeightsArguments | null,
): Promise<void> {
  const request = readSave(path, args);
  if (request.format !== ".weights.h5") {
    throw expected("ERR_ARGUMENT", "path", "a file path that ends in .weights.h5", path);
  }
  const written: LayerToWrite[] = [];
  reading("layers", () => {
    if (!Array.isArray(layers)) throw expected("ERR_ARGUMENT", "layers", "an array of layers", layers);
    // Unlike `map`, this loop visits holes, and refuses the first one.
    for (const layer of layers) written.push(readLayer(layer, `layers[${written.length}]`));
  });
  const { writeModelWeights } = await import("../formats/index.js");
  await writeModelWeights(request.path, written, request.overwrite);
}

function readLayer(layer: unknown, name: string): LayerToWrite {
  if (layer instanceof GRULayer) {
    if (!layer.built) {
      throw expectedText("ERR_NOT_BUILT", name, "built layers", `"${layer.name}", which has no weights`, {
        remedy: "Call build([null, null, features]) first.",
      });
    }
    return { kind: "gru", name: layer.name, weights: copies(layer.weights) };
  }
  const composite = compositeOf(layer);
  if (composite?.kind === "Bidirectional") {
    requireAllBuilt(composite, name);
    return layerToWrite(composite.stages[0]);
  }
  if (!isRecord(layer) || layer.class_name !== "Dense") {
    const wanted = 'a GRU, a Bidirectional or { class_name: "Dense", name, weights }';
    throw expected("ERR_ARGUMENT", name, wanted, layer);
  }
  refuseUnknown(layer, KNOWN, name);
  const { name: given = "dense", weights } = layer;
  if (typeof given !== "string") throw expected("ERR_ARGUMENT", `${name}.name`, "a string", given);
  if (!Array.isArray(weights) || !everyItem(weights, isVariable)) {
    throw expected("ERR_ARGUMENT", `${name}.weights`, "an array of variables: kernel and maybe bias", weights);
  }
  const [kernel, bias, ...others] = weights as Variable[];
  if (kernel === undefined || others.length > 0) {
    throw expectedText("ERR_ARGUMENT", `${name}.weights`, "one or two variables", `${weights.length} of them`);
  }
  const units = kernel.shape[1];
  if (kernel.shape.length !== 2) throw expectedShape(`${name}.weights[0]`, "shape [inputs, units]", kernel.shape);
  if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== units)) {
    throw expectedShape(`${name}.weights[1]`, `shape [${units}]`, bias.shape);
  }
  return { kind: "dense", name: given, weights: copies(weights) };
}

function copies(variables: readonly Variable[]): WeightData[] {
  return variables.map(({ shape, dtype, value }) => ({ shape, dtype, data: value.data }) as WeightData);
}
