import { expected, expectedText } from "../errors/messages.js";
import { suggestion } from "../errors/suggestion.js";
import type { NativeActivation } from "../native/binding.js";
import { Options } from "../options/options.js";
import { GateActivation } from "./gate_activation.js";
import type { SerializedObject } from "./serialization.js";

/** Keras's activation functions that need no arguments and keep the width, by Keras's own names. */
const FUNCTIONS = [
  "relu",
  "leaky_relu",
  "relu6",
  "celu",
  "elu",
  "selu",
  "softplus",
  "softsign",
  "squareplus",
  "soft_shrink",
  "sparse_plus",
  "silu",
  "gelu",
  "tanh",
  "tanh_shrink",
  "sigmoid",
  "sparse_sigmoid",
  "exponential",
  "hard_sigmoid",
  "hard_silu",
  "hard_tanh",
  "hard_shrink",
  "linear",
  "mish",
  "log_sigmoid",
  "softmax",
  "log_softmax",
  "sparsemax",
] as const;

/**
 * The registered name of tf.keras 2's `hard_sigmoid`, clip(0.2x + 0.5, 0, 1). Keras 3 has no name for this function:
 * its own `hard_sigmoid` is clip(x/6 + 0.5, 0, 1). To read it in Keras, register such a function there with
 * `package="cudnn_gru", name="keras2_hard_sigmoid"`.
 */
export const KERAS2_HARD_SIGMOID = "cudnn_gru>keras2_hard_sigmoid";

/** Maps every name to the kernels' name: Keras's functions, Keras's two aliases, and the function of tf.keras 2. */
const NAMES: ReadonlyMap<string, string> = new Map<string, string>([
  ...FUNCTIONS.map((name) => [name, name] as const),
  ["threshold", "threshold"],
  ["swish", "silu"],
  ["hard_swish", "hard_silu"],
  ["keras2_hard_sigmoid", "keras2_hard_sigmoid"],
  [KERAS2_HARD_SIGMOID, "keras2_hard_sigmoid"],
]);

/** True for the names of Keras's own functions, aliases included. */
export function isActivationName(name: string): boolean {
  return NAMES.has(name) || name === "glu";
}

/** Returns the kernels' name of a function. Throws for unknown names, as `getActivation` documents. */
function kernelName(name: string, argument: string): string {
  const known = NAMES.get(name);
  if (known !== undefined) return known;
  if (name === "glu") {
    throw expectedText("ERR_ARGUMENT", argument, "an activation that keeps the width", '"glu", which halves it');
  }
  throw expected("ERR_ARGUMENT", argument, "the name of a Keras activation", name, {
    remedy:
      `${suggestion(name, NAMES.keys())} A function of your own comes as { name, forward, backward }, ` +
      "or through `custom_objects`.",
  });
}

/**
 * The arguments of Keras's `threshold`, which returns x where x > threshold. It is the only function without defaults.
 */
export interface ThresholdParameters {
  /** Elements up to this value are replaced. */
  threshold: number;
  /** The value that replaces them. */
  default_value: number;
}

/** One of Keras's activation functions, with Keras's default parameters. Immutable. */
export class Activation extends GateActivation {
  override readonly name: string;
  /** The function's arguments in Keras's order. Empty when they are Keras's defaults. */
  readonly parameters: readonly number[];

  /**
   * Makes the function that Keras calls `name`. Only `threshold` has `parameters`, and it needs them. Throws
   * `ERR_ARGUMENT` for names that Keras does not know, for `glu`, and for bad parameters. Errors name `argument`.
   */
  constructor(name: "threshold", parameters: ThresholdParameters, argument?: string);
  /** Makes the function that Keras calls `name`. */
  constructor(name: string, parameters?: Record<string, never> | ThresholdParameters, argument?: string);
  constructor(name: string, parameters: object = {}, argument = "name") {
    super();
    this.name = kernelName(name, argument);
    this.parameters = Object.freeze(this.name === "threshold" ? thresholdParameters(parameters, argument) : []);
    if (this.name !== "threshold" && Object.keys(parameters).length > 0) {
      throw expected("ERR_ARGUMENT", argument, `no parameters of "${name}"`, parameters, {
        remedy: "Keras keeps parameters of functions in its activation layers, such as LeakyReLU.",
      });
    }
  }

  /**
   * Returns the function's name, or an object for two functions: `threshold`, which Keras reads without its parameters,
   * and tf.keras 2's `hard_sigmoid`, which Keras reads only where a function is registered under its name.
   */
  override serialize(): string | SerializedObject {
    if (this.name === "threshold") {
      const [threshold, default_value] = this.parameters;
      const config = { threshold, default_value };
      return { module: "keras.activations", class_name: "threshold", config, registered_name: null };
    }
    return this.name === "keras2_hard_sigmoid" ? serializedFunction(KERAS2_HARD_SIGMOID) : this.name;
  }

  override native(): NativeActivation {
    return { name: this.name, parameters: this.parameters };
  }
}

/** Returns a function in the form in which Keras 3.15 writes functions that are not its own: by its registered name. */
export function serializedFunction(name: string): SerializedObject {
  return { module: "builtins", class_name: "function", config: name, registered_name: "function" };
}

function thresholdParameters(parameters: object, argument: string): number[] {
  const { threshold, default_value } = parameters as Partial<ThresholdParameters>;
  if (threshold === undefined || default_value === undefined) {
    throw expected(
      "ERR_ARGUMENT",
      argument,
      '`threshold` and `default_value` with the activation "threshold"',
      parameters,
      { remedy: 'Pass new Activation("threshold", { threshold: 0.5, default_value: 0 }).' },
    );
  }
  const read = new Options("threshold", parameters, ["threshold", "default_value"]);
  return [read.number("threshold", 0), read.number("default_value", 0)];
}
