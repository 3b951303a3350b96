import type { GRUOptions } from "../arguments/constructor.js";
import type { Explanation } from "../backend/explain.js";
import { type ConfigLayer, layerPath } from "../formats/keras_files/config_tree.js";
import { GRU, GRUError } from "../index.js";
import { kerasConfig } from "../layers/config.js";
import { partsOf } from "../layers/layer.js";
import type { LayerParts } from "../layers/layer_parts.js";
import type { ModelLayer } from "../models/layers/model_layer.js";
import { explainModel, namedGrus } from "../models/run/explain.js";

/** A GRU in a model: its arguments, and the path that its calls would take on this machine. */
export interface GruReport {
  /** Its place in the model, which `model.explain()` calls its name. */
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

/** Returns the GRUs of a model, with what `model.explain()` says of each. */
export function grusOf(model: ModelLayer): GruReport[] {
  // Explaining compiles the model, which tells its GRUs their features.
  const { layers } = explainModel(model);
  return namedGrus(model).map(({ name, parts }, index) => ({
    ...sizes(name, parts.weights.features, parts.options.units),
    arguments: differing(parts),
    ...verdict(layers[index] as Explanation),
  }));
}

/** Returns a GRU of a model that cannot be loaded, with the path that the layer takes outside of the model. */
export function gruAlone(layer: ConfigLayer): GruReport {
  const { config, inputShape } = layer;
  const features = Array.isArray(inputShape) ? (inputShape.at(-1) as number | null) : null;
  const base = sizes(placeOf(layer), features, Number(config.units));
  try {
    const gru = GRU.fromConfig(config);
    try {
      return { ...base, arguments: differing(partsOf(gru) as LayerParts), ...verdict(gru.explain()) };
    } finally {
      gru.dispose();
    }
  } catch (error) {
    if (!(error instanceof GRUError)) throw error;
    return { ...base, arguments: config, computed_by: null, why: [error.message] };
  }
}

/** Returns the place of a layer as a loaded model names it, where the halves of a Bidirectional have names of their own. */
export function placeOf({ segments, name }: ConfigLayer): string {
  return layerPath([...segments.slice(0, -1), [name]]);
}

function sizes(
  path: string,
  features: number | null,
  units: number,
): Pick<GruReport, "path" | "kernel" | "recurrent_kernel"> {
  return { path, kernel: [features, 3 * units], recurrent_kernel: [units, 3 * units] };
}

function verdict({ path, requirements }: Explanation): Pick<GruReport, "computed_by" | "why"> {
  const unmet = requirements.filter(({ met }) => !met);
  return { computed_by: path, why: unmet.map(({ id, detail }) => `${id}: ${detail}`) };
}

/** Arguments of every config that say nothing about the computation, or are shown elsewhere. */
const LEFT_OUT = new Set(["name", "units", "trainable", "module", "registered_name"]);

function differing({ options }: LayerParts): Record<string, unknown> {
  const own = configOf(options);
  const plain = new GRU(options.units);
  const usual = configOf((partsOf(plain) as LayerParts).options);
  plain.dispose();
  return Object.fromEntries(
    Object.entries(own).filter(
      ([key, value]) => !LEFT_OUT.has(key) && JSON.stringify(value) !== JSON.stringify(usual[key]),
    ),
  );
}

const configOf = (options: GRUOptions): Record<string, unknown> => kerasConfig(options, "gru", true);
