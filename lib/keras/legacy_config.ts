import { expectedText } from "../errors/messages.js";
import { INITIALIZERS } from "./initializers.js";
import { keras1Config } from "./keras1_config.js";

type JsonObject = Record<string, unknown>;

/** Keys that Keras 2 and tf.keras wrote into a layer's config and that Keras 3 does not know. */
const DROPPED = new Set([
  "time_major",
  "batch_input_shape",
  "input_length",
  "input_dtype",
  "ragged",
  "dynamic",
  "cell",
]);

/** A CuDNNGRU does not have these arguments and always computes with these values. */
const CUDNN_GRU: JsonObject = {
  activation: "tanh",
  recurrent_activation: "sigmoid",
  use_bias: true,
  reset_after: true,
};

/** The arguments of a Keras 2 GRU whose config is too old to contain them. */
const KERAS_2_DEFAULTS: JsonObject = {
  recurrent_activation: "hard_sigmoid",
  implementation: 1,
  reset_after: false,
};

/**
 * True for a `keras_version` before Keras 3, including tf.keras's versions such as `2.2.4-tf`. Keras 1.0 wrote no
 * version.
 */
export function isLegacyVersion(version: string | undefined): boolean {
  return version === undefined || /^[0-2]\./.test(version);
}

/**
 * True for a complete config of a GRU of Keras 1, Keras 2 or tf.keras, recognized by its keys. An incomplete config is
 * read as one of Keras 3.
 */
export function isLegacyConfig(config: JsonObject): boolean {
  if (config.units === undefined && config.output_dim !== undefined) return true;
  // Keras 3 writes both of these keys, and no earlier Keras writes either.
  if ("seed" in config && "zero_output_for_mask" in config) return false;
  return "time_major" in config || ("implementation" in config && "bias_constraint" in config);
}

/**
 * Returns a Keras 3 GRU's config without the extra keys that earlier versions wrote.
 *
 * @throws GRUError `ERR_UNSUPPORTED` for `time_major`.
 */
export function currentConfig(config: JsonObject, name: string): JsonObject {
  refuseTimeMajor(config, name);
  const entries = Object.entries(config).filter(([key]) => !DROPPED.has(key));
  return { ...Object.fromEntries(entries), ...implementationOf(config) };
}

/**
 * Returns Keras 3's form of a config that Keras 1 or 2 wrote for a GRU or CuDNNGRU.
 *
 * @throws GRUError `ERR_UNSUPPORTED` for `time_major`.
 */
export function modernConfig(config: JsonObject, className: string, name: string): JsonObject {
  refuseTimeMajor(config, name);
  const old = config.units === undefined && config.output_dim !== undefined ? keras1Config(config) : config;
  const defaults = className === "CuDNNGRU" ? CUDNN_GRU : KERAS_2_DEFAULTS;
  const modern: JsonObject = { ...defaults };
  for (const [key, value] of Object.entries(old)) {
    if (DROPPED.has(key)) continue;
    modern[key] = key.endsWith("_initializer") ? initializer(value) : value;
  }
  Object.assign(modern, implementationOf(modern));
  for (const key of ["activation", "recurrent_activation"]) modern[key] = modernActivation(modern[key]);
  modern.dtype = modernPolicy(modern.dtype);
  return modern;
}

/** Keras 2.0 had an implementation 0, which later versions read as 1. */
function implementationOf({ implementation }: JsonObject): JsonObject {
  return implementation === 0 ? { implementation: 1 } : {};
}

function refuseTimeMajor({ time_major }: JsonObject, name: string): void {
  if (time_major !== true) return;
  throw expectedText(
    "ERR_UNSUPPORTED",
    `layer ${name}`,
    "inputs of (batch, timesteps, features)",
    "a config with time_major=True, whose inputs are (timesteps, batch, features)",
    { remedy: "Set it to false and pass transposed inputs." },
  );
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Returns Keras 3's form of an activation in a config of Keras 1 or 2. Keras 2's hard_sigmoid is
 * `clip(0.2 * x + 0.5, 0, 1)`; Keras 3's is `relu6(x + 3) / 6`.
 */
export function modernActivation(value: unknown): unknown {
  if (value === "hard_sigmoid") return "keras2_hard_sigmoid";
  if (!isObject(value)) return value;
  if (value.class_name === "function" && value.config === "hard_sigmoid") return "keras2_hard_sigmoid";
  if (value.class_name !== "LeakyReLU" || !isObject(value.config) || !("alpha" in value.config)) return value;
  const { alpha, ...rest } = value.config;
  return { ...value, config: { ...rest, negative_slope: alpha } };
}

/**
 * tf.keras wrote a dtype into its initializers, which Keras 3 does not accept. Initializers that are not Keras's keep
 * their config unchanged.
 */
function initializer(value: unknown): unknown {
  if (!isObject(value) || !isObject(value.config) || !INITIALIZERS.names.has(String(value.class_name))) return value;
  const { dtype: _, ...config } = value.config;
  return { ...value, config };
}

/**
 * Returns Keras 3's form of a dtype in a config of Keras 1 or 2. Keras 3 calls tf.keras's `Policy` and `PolicyV1`
 * `DTypePolicy`. Keras 2 before TensorFlow had float32 only.
 */
export function modernPolicy(value: unknown): unknown {
  if (value === undefined || value === null) return "float32";
  if (!isObject(value) || !isObject(value.config)) return value;
  if (value.class_name !== "Policy" && value.class_name !== "PolicyV1") return value;
  const { name } = value.config;
  return typeof name === "string" && name.startsWith("infer") ? "float32" : name;
}
