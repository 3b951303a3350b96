import { describe } from "../errors/describe.js";
import { expected, expectedText } from "../errors/messages.js";
import type { SerializedObject } from "../keras/serialization.js";
import { isRecord } from "../options/record.js";
import { kerasConfig } from "./config.js";
import type { LayerParts } from "./layer_parts.js";

type Config = Record<string, unknown>;

/** A layer as Keras's `serialize_keras_object` writes it into the config of another one. */
export interface SerializedLayer extends SerializedObject {
  /** The config of the layer. */
  readonly config: Record<string, unknown>;
  /** How a built layer was built. */
  readonly build_config?: {
    /** `[batch, timesteps, features]`, of which the first two may be `null`. */
    readonly input_shape: readonly (number | null)[];
  };
}

/** Returns a GRU as Keras writes it into the config of a Bidirectional. */
export function serializedGru({ options, name, owner, weights, carried }: LayerParts): SerializedLayer {
  const { features } = weights;
  const written: SerializedLayer = {
    module: "keras.layers",
    class_name: "GRU",
    config: kerasConfig(options, name, owner.trainable),
    registered_name: null,
  };
  // Keras cannot build a stateful layer for an unknown batch size.
  const batch = carried === null ? null : carried.fixedBatch;
  if (features === null || (carried !== null && batch === null)) return written;
  return { ...written, build_config: { input_shape: [batch, null, features] } };
}

/** Returns the shape in a serialized layer's `build_config`; `null` when there is none that can be used. */
export function builtShape(serialized: unknown): [number | null, null, number] | null {
  if (!isRecord(serialized) || !isRecord(serialized.build_config)) return null;
  const shape = serialized.build_config.input_shape;
  if (!Array.isArray(shape) || shape.length !== 3) return null;
  const [batch, , features] = shape as unknown[];
  if (!Number.isSafeInteger(features) || (features as number) < 0) return null;
  return [Number.isSafeInteger(batch) && (batch as number) >= 0 ? (batch as number) : null, null, features as number];
}

/** The packages whose layers are Keras's own. */
const KERAS_MODULE = /^(keras|tf_keras|tensorflow|cudnn_gru)(\.|$)/;

/**
 * Returns the config inside of `given`, the config of a layer of class `className` or the serialized layer around it.
 * Throws `ERR_ARGUMENT` for any other value.
 */
export function unwrapConfig(given: unknown, className: string, argument = "config"): Config {
  if (!isRecord(given)) throw expected("ERR_ARGUMENT", argument, "an object as getConfig() gives", given);
  if (!("class_name" in given)) return given;
  const { module, class_name, config, registered_name } = given;
  const isNamed = module !== undefined && module !== null;
  const foreign = isNamed && (typeof module !== "string" || !KERAS_MODULE.test(module));
  if (class_name !== className || foreign || (registered_name ?? null) !== null) {
    const received = `the class ${describe(registered_name ?? class_name)} of module ${describe(module ?? null)}`;
    throw expectedText("ERR_ARGUMENT", argument, `a ${className} of Keras's own`, received);
  }
  if (!isRecord(config)) throw expected("ERR_ARGUMENT", `${argument}.config`, "the config of the layer", config);
  return config;
}
