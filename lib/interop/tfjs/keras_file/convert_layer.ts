// Converts the config of one layer, from Keras's to tfjs's and back.
import { modernConfig } from "../../../keras/legacy_config.js";
import { camelCase } from "../spelling.js";
import { malformed, refused, shown } from "./refusal.js";
import { completeBidirectional } from "./rules/bidirectional.js";
import { KEEPS } from "./rules/mask_rule.js";
import { type Config, type LayerRule, named, type Shape, type Weight } from "./rules/rule.js";
import { ruleOfKeras, ruleOfTfjs } from "./rules/table.js";
import { asPlain, serialized } from "./rules/vocabularies.js";

/** A layer in both forms. */
export interface ConvertedLayer {
  readonly rule: LayerRule;
  /** The config as Keras 3 has it. */
  readonly keras: Config;
  /** The config in the spelling of tfjs's code. */
  readonly tfjs: Config;
}

/** The config of a layer of Keras, and what is known about it. */
export interface KerasSource {
  readonly className: string;
  readonly config: Config;
  readonly name: string;
  /** False when the layer, or a model around it, is frozen. */
  readonly trainable: boolean;
  /** True when Keras 1, Keras 2 or tf.keras 2 wrote it. */
  readonly legacy: boolean;
  /** Names the layer in messages. */
  readonly where: string;
}

/** Keys of configs that mean nothing for the numbers, or that are read elsewhere. */
const IGNORED: ReadonlySet<string> = new Set([
  ...["name", "trainable", "dtype", "autocast", "build_config", "shared_object_id"],
  ...[
    "batch_shape",
    "batch_input_shape",
    "input_shape",
    "input_dtype",
    "ragged",
    "sparse",
    "dynamic",
    "custom_objects",
  ],
]);

/**
 * Converts a layer of Keras.
 *
 * @throws GRUError `ERR_UNSUPPORTED` for a layer that tfjs does not have, or computes in another way.
 */
export function layerFromKeras(source: KerasSource): ConvertedLayer {
  const { className, name, trainable, where } = source;
  if (className === "TimeDistributed") return timeDistributed(source);
  const rule = ruleOfKeras(className === "CuDNNGRU" ? "GRU" : className);
  if (rule === undefined) throw refused(where, `tfjs has no layer that computes the same as Keras's ${className}`);
  const config = { ...canonical(rule, source), name, trainable };
  const tfjs = rule.configs?.toTfjs(config, where) ?? argumentsToTfjs(rule, config, where);
  return { rule, keras: config, tfjs: { ...tfjs, name, trainable } };
}

/** Returns a config with the names and values of Keras 3. */
function canonical(rule: LayerRule, { className, config, legacy, where, name }: KerasSource): Config {
  const modern = (gru: Config) =>
    legacy ? modernConfig(plain(gru) as Record<string, unknown>, className, name) : plain(gru);
  if (rule.keras === "GRU") return modern(config) as Config;
  if (rule.keras === "Bidirectional") return completeBidirectional(config, where, modern as (half: Config) => Config);
  const entries = Object.entries(plain(config) as Config).map(([key, value]) => {
    const name = rule.renamed !== undefined && Object.hasOwn(rule.renamed, key) ? (rule.renamed[key] as string) : key;
    return [name, legacy && value === "hard_sigmoid" ? "keras2_hard_sigmoid" : value] as const;
  });
  const modernized = Object.fromEntries(entries);
  // tf.keras 2 writes a list.
  if (className === "BatchNormalization" && Array.isArray(modernized.axis)) [modernized.axis] = modernized.axis;
  return modernized;
}

/** Returns a value of a config in which Python's tuples are lists. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  const object = asPlain(value);
  if (object === undefined) return value;
  if (object.class_name === "__tuple__" && Array.isArray(object.items)) return object.items.map(plain);
  return Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, plain(inner)]));
}

function argumentsToTfjs({ args }: LayerRule, config: Config, where: string): Config {
  for (const [key, value] of Object.entries(config)) {
    // Arguments that later versions of Keras add are null by default.
    if (Object.hasOwn(args, key) || IGNORED.has(key) || value === null) continue;
    throw refused(where, `its argument ${key} ${shown(value)} is not known`);
  }
  const entries = Object.entries(args).map(([name, argument]) => {
    return [camelCase(argument.tfjs), argument.toTfjs(config[name], where)] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/**
 * Converts a layer that tfjs saved with `config`, in snake case.
 *
 * @throws GRUError `ERR_UNSUPPORTED` for a layer that Keras does not have, or computes in another way.
 */
export function layerFromTfjs(className: string, config: Config, where: string): ConvertedLayer {
  if (className === "TimeDistributed") return timeDistributedOfTfjs(config, where);
  const rule = ruleOfTfjs(className, config);
  if (rule === undefined) throw refused(where, `Keras has no layer that computes the same as tfjs's ${className}`);
  const { name, trainable = true } = config;
  const keras = { ...(rule.configs?.toKeras(config, where) ?? argumentsToKeras(rule, config, where)), name, trainable };
  return { rule, keras, tfjs: spelled(config) as Config };
}

function argumentsToKeras({ args }: LayerRule, config: Config, where: string): Config {
  const known = new Map(Object.entries(args).map(([name, argument]) => [argument.tfjs, [name, argument] as const]));
  for (const [key, value] of Object.entries(config)) {
    if (known.has(key) || IGNORED.has(key) || value === null) continue;
    throw refused(where, `its argument ${key} ${shown(value)} is not known`);
  }
  const entries = [...known].map(([key, [name, argument]]) => [name, argument.toKeras(config[key], where)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Returns a saved config in the spelling of tfjs's code. */
function spelled(value: unknown, key = ""): unknown {
  if (typeof value === "string") return ["name", "className"].includes(key) ? value : camelCase(value);
  if (Array.isArray(value)) return value.map((item) => spelled(item, key));
  const object = asPlain(value);
  if (object === undefined) return value;
  return Object.fromEntries(
    Object.entries(object).map(([name, item]) => [camelCase(name), spelled(item, camelCase(name))]),
  );
}

/** Layers whose numbers in TimeDistributed would differ, or which have a state for each timestep. */
const NOT_IN_TIME: ReadonlySet<string> = new Set([
  ...["BatchNormalization", "LSTM", "SimpleRNN", "Bidirectional", "Softmax", "Masking", "Embedding"],
  ...["Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot", "TimeDistributed"],
]);

/** Returns the rule of a TimeDistributed of `inner`. */
function ruleInTime({ rule, keras }: ConvertedLayer, where: string): LayerRule {
  if (NOT_IN_TIME.has(rule.keras)) throw refused(where, `a TimeDistributed of ${rule.keras} is not supported`);
  const { return_state, stateful } = keras;
  if (return_state === true || stateful === true) {
    throw refused(where, "a TimeDistributed of a layer with states is not supported");
  }
  const innerConfig = (config: Config) => (asPlain(config.layer)?.config ?? {}) as Config;
  const innerShapes = (inputs: readonly Shape[]) => inputs.map(([batch = null, , ...rest]) => [batch, ...rest]);
  const weights = rule.weights;
  return {
    keras: "TimeDistributed",
    tfjs: "TimeDistributed",
    args: named({}),
    // The mask of a timestep goes to the layer inside. Of these only a GRU reads it, which fails in Keras and in tfjs.
    masks: { ...KEEPS, reads: rule.masks.reads },
    check: (config, where, inputs) => rule.check?.(innerConfig(config), where, innerShapes(inputs)),
    ...(weights === undefined
      ? {}
      : {
          weights: (config: Config, inputs: readonly Shape[]): Weight[] =>
            weights(innerConfig(config), innerShapes(inputs)).map((weight) => ({
              ...weight,
              part: weight.part === "" ? "layer" : `layer/${weight.part}`,
            })),
        }),
  };
}

function timeDistributed(source: KerasSource): ConvertedLayer {
  const { name, trainable, where, legacy } = source;
  const given = asPlain(source.config.layer);
  const config = asPlain(given?.config);
  if (given === undefined || config === undefined) throw malformed(where, "expected a layer in it but found none");
  const className = String(given.class_name);
  if (className === "Sequential" || className === "Functional" || className === "Model") {
    throw refused(where, "a TimeDistributed of a model is not supported");
  }
  const inner = layerFromKeras({
    ...{ className, config, legacy, name: String(config.name ?? className) },
    trainable: trainable && config.trainable !== false,
    where: `${where} of ${className}`,
  });
  const layer = serialized("keras.layers", className, inner.keras);
  return {
    rule: ruleInTime(inner, where),
    keras: { name, trainable, layer },
    tfjs: { name, trainable, layer: { className: inner.rule.tfjs, config: inner.tfjs } },
  };
}

function timeDistributedOfTfjs(config: Config, where: string): ConvertedLayer {
  const given = asPlain(config.layer);
  const innerConfig = asPlain(given?.config);
  if (given === undefined || innerConfig === undefined) throw malformed(where, "expected a layer in it but found none");
  const inner = layerFromTfjs(String(given.class_name), innerConfig, `${where} of ${String(given.class_name)}`);
  const { name, trainable = true } = config;
  const layer = serialized("keras.layers", inner.rule.keras, inner.keras);
  return { rule: ruleInTime(inner, where), keras: { name, trainable, layer }, tfjs: spelled(config) as Config };
}
