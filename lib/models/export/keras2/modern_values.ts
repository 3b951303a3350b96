import { CONSTRAINTS } from "../../../keras/constraints.js";
import { INITIALIZERS } from "../../../keras/initializers.js";
import { modernActivation, modernPolicy } from "../../../keras/legacy_config.js";
import { REGULARIZERS } from "../../../keras/regularizers.js";
import { asObject, type Config, type Entry, unsupported } from "../../graph/entry.js";
import { readNumbers } from "../../graph/numbers.js";
import { serialized } from "./serialized.js";

/** Keras's vocabularies, by the ends of the arguments that take their objects. */
const VOCABULARIES = [
  { end: "_initializer", module: "keras.initializers", names: INITIALIZERS.names },
  { end: "_regularizer", module: "keras.regularizers", names: REGULARIZERS.names },
  { end: "_constraint", module: "keras.constraints", names: CONSTRAINTS.names },
] as const;

/** Returns the value of an argument as Keras 3 writes it, for all arguments but activations. Throws `ERR_UNSUPPORTED`. */
export function modernValue(entry: Entry, key: string, value: unknown): unknown {
  if (key === "dtype") return policyConfig(entry, value);
  const vocabulary = VOCABULARIES.find(({ end }) => key.endsWith(end));
  const object = asObject(value);
  if (vocabulary === undefined || object === undefined) return plain(value);
  const { dtype: _, ...config } = asObject(plain(object.config ?? {})) as Config;
  const className = String(object.class_name);
  if (vocabulary.names.has(className)) return serialized(vocabulary.module, className, config);
  // Python finds a class of the user's among its custom objects.
  const registered = typeof object.registered_name === "string" ? object.registered_name : className;
  return { module: null, class_name: className, config: object.config ?? {}, registered_name: registered };
}

function policyConfig(entry: Entry, value: unknown): Config {
  const name = modernPolicy(value);
  if (typeof name === "string") return serialized("keras", "DTypePolicy", { name });
  throw unsupported(entry, "its dtype policy has no form in Keras 3");
}

/** Returns an activation as Keras 3 writes it. `layer` writes a layer that is an activation. Throws `ERR_UNSUPPORTED`. */
export function modernActivationValue(entry: Entry, value: unknown, layer: (given: Config) => Config): unknown {
  const modern = modernActivation(value ?? null);
  const object = asObject(modern);
  const name = object?.class_name === "function" ? object.config : modern;
  if (name === "keras2_hard_sigmoid") {
    const remedy =
      "Convert it to .weights.h5, and load that in Keras 3 into a model with a function of your own for it";
    throw unsupported(entry, "its hard_sigmoid is that of Keras 2, and Keras 3's is another function", remedy);
  }
  if (typeof name === "string" || name === null || object === undefined) return name;
  return layer(object);
}

/** Returns a value without the forms that Keras 2 has for numbers, arrays and shared objects. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  const object = asObject(value);
  if (object === undefined) return value;
  if (readNumbers(object) !== null) return asObject(object.config)?.value;
  const entries = Object.entries(object).filter(([key]) => key !== "shared_object_id");
  return Object.fromEntries(entries.map(([key, inner]) => [key, plain(inner)]));
}
