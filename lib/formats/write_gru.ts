import type { FloatArray, Tensor } from "../tensor/tensor.js";
import { writeAtomically } from "./atomic_write.js";
import type { WeightData } from "./gru_variables.js";
import { encodeKerasWeights } from "./keras_weights.js";
import { encodeGru } from "./safetensors_gru.js";

/** A GRU layer to write. */
export interface GruToWrite {
  /** As Keras's `GRU.get_config()` gives it. */
  config: Record<string, unknown>;
  /** kernel, recurrent_kernel and maybe bias. */
  weights: readonly Tensor<FloatArray>[];
  /** Whether a file at the path may be replaced. */
  overwrite: boolean;
}

/** Writes the weights of one GRU layer to the file at `path`: all of it or nothing. Throws as `writeAtomically`. */
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
