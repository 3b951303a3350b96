import { writeAtomically } from "./atomic_write.js";
import { encodeKerasWeights, type LayerToWrite } from "./keras_files/keras_weights.js";

/**
 * Writes the weights of a model's layers to a complete `.weights.h5` file at `path`, or nothing. Throws the errors of
 * `writeAtomically`.
 */
export async function writeModelWeights(
  path: string,
  layers: readonly LayerToWrite[],
  overwrite: boolean,
): Promise<void> {
  await writeAtomically(path, encodeKerasWeights(layers), { overwrite });
}
