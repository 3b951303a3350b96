import type { WholeModelFile } from "../../formats/whole_model.js";
import { asObject, type Config, type Entry, unsupported } from "../graph/entry.js";
import type { ModelLayer } from "../layers/model_layer.js";

/** Layers whose calls Keras writes into an `.h5` file in a form that it cannot read back. */
const UNREADABLE_IN_H5 = new Set(["Attention", "AdditiveAttention"]);

/**
 * Returns the config of a model file of Keras 3 as a `.keras` file has it. What `compile` was called with is left out, since
 * the state of an optimizer is not converted.
 *
 * Throws `ERR_UNSUPPORTED` for calls in an `.h5` file that Keras 3 cannot read.
 */
export function kerasConfig({ config, weights }: WholeModelFile, model: ModelLayer): Config {
  const { compile_config: _, ...given } = asObject(config) ?? {};
  if (weights.layout === "groups") return given;
  for (const layer of [model, ...model.all()]) {
    const entries = "graph" in layer ? (layer as ModelLayer).graph.entries : [];
    const unreadable = entries.find((entry) => entry.kind === "operation" || UNREADABLE_IN_H5.has(entry.className));
    if (unreadable !== undefined) throw unreadableInH5(unreadable);
  }
  if (given.class_name === "Sequential") {
    return { module: "keras", class_name: "Sequential", config: given.config, registered_name: null };
  }
  const functional = { module: "keras.src.models.functional", class_name: "Functional" };
  return { ...functional, config: given.config, registered_name: "Functional" };
}

function unreadableInH5(entry: Entry): Error {
  const remedy = "Save the model as a .keras file in Keras";
  return unsupported(entry, "Keras itself cannot read its calls from an .h5 file", remedy);
}

/** Returns a config in which models inside of models have the class that Keras 3 gives them. */
export function withModernClasses(config: unknown): unknown {
  if (Array.isArray(config)) return config.map(withModernClasses);
  const object = asObject(config);
  if (object === undefined) return config;
  const inner = Object.fromEntries(Object.entries(object).map(([key, value]) => [key, withModernClasses(value)]));
  const isModel = object.class_name === "Model" && Array.isArray(asObject(object.config)?.layers);
  return isModel ? { ...inner, class_name: "Functional" } : inner;
}
