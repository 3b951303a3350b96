import { describe } from "../errors/describe.js";
import { expected, expectedText } from "../errors/messages.js";
import { type CustomObjects, readCustomObjects, withCustomObjects } from "../keras/custom_objects.js";
import { currentConfig, isLegacyConfig, modernConfig } from "../keras/legacy_config.js";
import { isRecord } from "../options/record.js";

type Config = Record<string, unknown>;

/** The arguments of a layer whose objects a config names. */
const OBJECT_ARGUMENTS = [
  "activation",
  "recurrent_activation",
  ...["kernel", "recurrent", "bias"].flatMap((weight) =>
    ["initializer", "regularizer", "constraint"].map((family) => `${weight}_${family}`),
  ),
  "activity_regularizer",
];

/**
 * Reads a config that `fromConfig` takes, and returns it in the form of Keras 3. The config may be bare or inside a
 * serialized layer (`{ class_name, config }`). Its keys tell whether it comes from Keras 3, tf.keras, Keras 2 or Keras
 * 1. Throws `ERR_ARGUMENT` or `ERR_UNSUPPORTED`.
 */
export function readConfig(given: unknown): Config {
  if (!isRecord(given)) throw expected("ERR_ARGUMENT", "config", "an object as getConfig() gives", given);
  const { className, config } = "class_name" in given ? unwrapLayer(given) : { className: "GRU", config: given };
  const name = typeof config.name === "string" ? config.name : "gru";
  const legacy = className === "CuDNNGRU" || isLegacyConfig(config);
  return legacy ? modernConfig(config, className, name) : currentConfig(config, name);
}

/** The packages whose layers are Keras's own. */
const KERAS_MODULE = /^(keras|tf_keras|tensorflow)(\.|$)/;

function unwrapLayer({ module, class_name, config, registered_name }: Config): { className: string; config: Config } {
  if (class_name !== "GRU" && class_name !== "CuDNNGRU") {
    throw expected("ERR_ARGUMENT", "config.class_name", '"GRU", the class of the layer,', class_name);
  }
  const isKeras = module === undefined || (typeof module === "string" && KERAS_MODULE.test(module));
  if (!isKeras || (registered_name ?? null) !== null) {
    const received = `the class ${describe(registered_name ?? class_name)} of module ${describe(module ?? null)}`;
    throw expectedText("ERR_ARGUMENT", "config", "Keras's own GRU", received);
  }
  if (!isRecord(config)) throw expected("ERR_ARGUMENT", "config.config", "the config of the layer", config);
  return { className: class_name, config };
}

/**
 * Returns the constructor's arguments for `config`, a config of Keras 3, and `extra`, whose values override it unless
 * they are `undefined`. An unknown object that the config names is kept for `getConfig()`. In `extra` an unknown object
 * is an error. Throws the errors of `withCustomObjects`.
 */
export function layerArguments(config: Config, extra: unknown): Config {
  if (extra !== undefined && !isRecord(extra)) throw expected("ERR_ARGUMENT", "extra", "an object", extra);
  const { custom_objects, ...given } = extra ?? {};
  const objects: CustomObjects = readCustomObjects(custom_objects);
  const overrides = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return readNamedObjects({ ...config, ...overrides }, objects, (key) => !(key in overrides));
}

/** Returns `config`, a config of Keras 3, with every unknown object replaced by one that keeps its config. */
export function keepUnknown(config: Config): Config {
  return readNamedObjects(config, {}, () => true);
}

function readNamedObjects(args: Config, objects: CustomObjects, isKept: (key: string) => boolean): Config {
  const entries = OBJECT_ARGUMENTS.filter((key) => key in args);
  const read = entries.map((key) => [key, withCustomObjects(args[key], key, objects, isKept(key))]);
  return { ...args, ...Object.fromEntries(read) };
}
