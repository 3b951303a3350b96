import type { FloatArray, Tensor } from "../tensor/tensor.js";
import { writeAtomically } from "./atomic_write.js";
import type { WeightData } from "./keras_files/gru_variables.js";
import { encodeKerasWeights } from "./keras_files/keras_weights.js";
import { encodeGru } from "./safetensors/keras_gru_tensors.js";

/** A GRU layer to write. */
export interface GruToWrite {
  /** The config, as Keras's `GRU.get_config()` returns it. */
  config: Record<string, unknown>;
  /** kernel, recurrent_kernel and sometimes bias. */
  weights: readonly Tensor<FloatArray>[];
  /** Whether a file at the path may be replaced. */
  overwrite: boolean;
}

/**
 * Writes the weights of one GRU layer to a complete file at `path`, or nothing. Throws the errors of `writeAtomically`.
 */
export async function writeGru(
  path: string,
  format: ".weights.h5" | ".safetensors",
  { config, weights, overwrite }: GruToWrite,
): Promise<void> {
  const data = weights.map(({ shape, dtype, data }) => ({ shape, dtype, data }) as WeightData);
  const parts =
    format === ".safetensors"
      ? encodeGru(config, data)
      : encodeKerasWeights([{ kind: "gru", name: String(config.name), weights: data }]);
  await writeAtomically(path, parts, { overwrite });
}
