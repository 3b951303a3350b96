import { expected } from "../errors/messages.js";

import { Activation } from "./activation.js";
import { ActivationLayer } from "./activation_layer.js";
import { CustomFunction, looksCustom } from "./custom_activation.js";
import { DTypePolicy } from "./dtype_policy.js";
import { GateActivation } from "./gate_activation.js";
import { readSerialized } from "./serialization.js";

const FLOAT32 = new DTypePolicy("float32");

/**
 * Returns the activation that `value` stands for: a Keras name, a serialized function (`{ class_name: "function",
 * config: "tanh", ... }`, or named by `class_name` itself in module `keras.activations`), a serialized activation
 * layer, an `Activation`, the user's own functions (`CustomActivation`), or `null` (linear). `policy` is the policy of
 * the layer that uses the activation.
 *
 * Throws `ERR_ARGUMENT`, naming `argument`, for `glu`, for unknown names (suggesting the nearest one) and for other
 * values. Throws `ERR_UNSUPPORTED` or `ERR_DTYPE` for layers that cannot be used as an activation here.
 */
export function getActivation(value: unknown, argument: string, policy: DTypePolicy = FLOAT32): GateActivation {
  if (value === null) return new Activation("linear");
  if (value instanceof GateActivation) return value;
  if (typeof value === "string") return new Activation(value, {}, argument);
  if (typeof value !== "object") {
    throw expected(
      "ERR_ARGUMENT",
      argument,
      "an activation (a name, a serialized function or layer, { name, forward, backward }, or null)",
      value,
    );
  }
  if (looksCustom(value)) return new CustomFunction(value, argument);
  const serialized = readSerialized(value, argument);
  const { module, class_name, config } = serialized;
  if (class_name === "function") {
    if (typeof config === "string") return new Activation(config, {}, argument);
    throw expected("ERR_ARGUMENT", `${argument}.config`, "the name of a function", config);
  }
  if (module === "keras.activations") {
    // Keras ignores the config of a function. Only `threshold` is written with one, and only by this package.
    const parameters = class_name === "threshold" && typeof config === "object" ? config : {};
    return new Activation(class_name, parameters as Record<string, never>, argument);
  }
  const activation = (inner: unknown, where: string) => getActivation(inner, where, policy);
  return new ActivationLayer(serialized, policy, { argument, activation });
}
