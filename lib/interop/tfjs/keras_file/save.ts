// A model of tfjs as a file of Keras.
import type * as tfjs from "@tensorflow/tfjs";
import { GRUError } from "../../../errors/gru_error.js";
import { expectedText } from "../../../errors/messages.js";
import { writeAtomically } from "../../../formats/atomic_write.js";
import { encodeKerasArchive } from "../../../formats/keras_files/archive_writer.js";
import { tf } from "../load_tfjs.js";
import { checkMasks } from "./mask_flow.js";
import { modelFromTfjs } from "./read_tfjs.js";
import { shapesOf } from "./shapes.js";
import { weightsOf } from "./weight_places.js";
import { kerasConfig } from "./write_keras.js";
import { weightGroups } from "./write_weights.js";

/** Writes the model of `artifacts` to the `.keras` file at `path`, whole or not at all. */
export async function saveArtifacts(path: string, artifacts: tfjs.io.ModelArtifacts): Promise<tfjs.io.SaveResult> {
  const parts = await aboutModel(() => encoded(artifacts));
  await writeAtomically(path, parts);
  return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
}

async function encoded({
  modelTopology,
  trainingConfig,
  weightSpecs,
  weightData,
}: tfjs.io.ModelArtifacts): Promise<Uint8Array[]> {
  if (trainingConfig !== undefined || weightSpecs?.some(({ group }) => group === "optimizer")) {
    throw expectedText("ERR_UNSUPPORTED", "includeOptimizer", "false", "true", {
      remedy: "The state of an optimizer of tfjs cannot be saved in a file of Keras.",
    });
  }
  const model = modelFromTfjs(modelTopology);
  const shapes = shapesOf(model);
  checkMasks(model);
  const groups = weightGroups(model.name, weightsOf(model, shapes), { weightSpecs, weightData });
  return encodeKerasArchive({ config: kerasConfig(model, shapes), groups });
}

/** Runs `encode`. Its errors about layers become errors about the model. */
async function aboutModel<T>(encode: () => Promise<T>): Promise<T> {
  try {
    return await encode();
  } catch (error) {
    if (!(error instanceof GRUError) || error.message.startsWith("Expected ")) throw error;
    const received = error.message.replace(/\.$/, "");
    throw expectedText("ERR_UNSUPPORTED", "model", "a model that Keras computes as tfjs does", received, {
      cause: error,
    });
  }
}
