// A file of Keras as tfjs loads models.
import type * as tfjs from "@tensorflow/tfjs";
import type { Source } from "../../../formats/source.js";
import { withWholeModel } from "../../../formats/whole_model.js";
import { readEntry, shown } from "../../../models/graph/entry.js";
import { EntryCount, isModel } from "../../../models/graph/read_graph.js";
import { checkMasks } from "./mask_flow.js";
import { modelFromKeras } from "./read_keras.js";
import { readWeights } from "./read_weights.js";
import { refused } from "./refusal.js";
import { shapesOf } from "./shapes.js";
import { tfjsTopology } from "./topology.js";
import { weightsOf } from "./weight_places.js";

/**
 * Reads the model in `source` as tfjs's artifacts. `anyDtype` says whether layers of other dtypes than float32 are
 * accepted.
 */
export async function loadArtifacts(source: Source, anyDtype: boolean): Promise<tfjs.io.ModelArtifacts> {
  return withWholeModel(source, async ({ config, legacy, weights }) => {
    const place = { names: [], group: "", trainable: true, legacy };
    const entry = { ...readEntry(config, place, ""), place };
    if (!isModel(entry)) throw refused(shown(entry), "its config does not describe its layers: a subclassed model?");
    const model = modelFromKeras(entry, { count: new EntryCount(), anyDtype });
    // Everything is checked before the weights are read, and their shapes before tfjs makes any.
    const shapes = shapesOf(model);
    checkMasks(model);
    const read = await readWeights(weightsOf(model, shapes), weights);
    return {
      format: "layers-model",
      modelTopology: tfjsTopology(model, shapes),
      weightSpecs: read.map(({ name, shape }) => ({ name, shape: [...shape], dtype: "float32" as const })),
      weightData: read.map(({ data }) => bufferOf(data)),
    };
  });
}

function bufferOf({ buffer, byteOffset, byteLength }: Float32Array<ArrayBuffer>): ArrayBuffer {
  return byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
}
