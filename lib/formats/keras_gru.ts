import { GRUError } from "../errors.js";
import { layerPath, listLayers } from "./config_tree.js";
import { expectedVariables, loadableConfig, toWeight, type WeightData } from "./gru_variables.js";
import { readHdf5Variables } from "./hdf5.js";
import { withKerasArchive } from "./keras_archive.js";
import { inFile } from "./problem.js";
import { selectGru } from "./select_layer.js";

/** A GRU layer read from a Keras model file. */
export interface KerasLayerFile {
  /** The layer's config, as Keras's `GRU.get_config()` gives it; dtype float32 where the file's is a 16-bit one. */
  config: Record<string, unknown>;
  /** kernel `(F, 3U)`, recurrent_kernel `(U, 3U)` and, with `use_bias`, bias `(2, 3U)` or `(3U,)`; row-major. */
  weights: WeightData[];
  /** F, the features of the input that the layer was built for. */
  features: number;
  /** The layer's path in the model, such as `"encoder"` or `"bidirectional/forward_layer"`. */
  path: string;
}

/**
 * Reads one GRU layer, config and weights, from a Keras 3 `.keras` file.
 *
 * `layer` is the layer's Keras name (`"encoder"`), or, for a nested one, the names from the outside in, joined by `/`:
 * `"encoder_model/gru"`, `"bidirectional/forward_layer"`, `"bidirectional/backward_layer"`, `"time_distributed/gru"`.
 * It may be left out where the model has one GRU.
 *
 * float16 and bfloat16 weights are widened exactly to float32, and the returned config then says float32, as it does for
 * the mixed policies, whose weights are float32 already. float64 stays float64.
 *
 * @throws GRUError `ERR_ARGUMENT` if `path` is not a readable file, the model has no GRU, or `layer` does not name exactly
 *   one; `ERR_FILE_FORMAT` if the file is not a whole Keras 3 `.keras` file, is damaged, or holds weights that do not fit
 *   the layer's config; `ERR_UNSUPPORTED` for `.h5` and `.weights.h5` files and for quantised layers.
 */
export async function readKerasGru(path: string, options: { layer?: string } = {}): Promise<KerasLayerFile> {
  if (typeof path !== "string" || path === "" || path.includes("\0")) {
    throw new GRUError("ERR_ARGUMENT", `Expected a file path for \`path\` but received ${show(path)}`);
  }
  const { layer: wanted } = options;
  if (wanted !== undefined && (typeof wanted !== "string" || wanted === "")) {
    throw new GRUError("ERR_ARGUMENT", `Expected a layer name for \`layer\` but received ${show(wanted)}`);
  }
  return inFile(path, async () => {
    const found = await withKerasArchive(path, async (archive) => {
      const layer = selectGru(listLayers(archive.config), wanted, path);
      return {
        layer,
        ...loadableConfig(layer),
        variables: expectedVariables(layer),
        bytes: await archive.readWeights(),
      };
    });
    const { layer, config, dtype, variables, bytes } = found;
    const named = { group: layer.group, name: layer.name };
    const stored = await readHdf5Variables(bytes, { group: `${layer.group}/cell`, named, variables });
    const weights = stored.map((variable) => toWeight(variable, dtype));
    return { config, weights, features: weights[0]!.shape[0]!, path: layerPath(layer.segments) };
  });
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : value === null ? "null" : typeof value;
}
