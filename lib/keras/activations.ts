import { GRUError } from "../errors.js";
import type { NativeActivation } from "../native.js";
import { readSerialized } from "./serialization.js";
import { describe, suggestion } from "./text.js";

/** Keras's elementwise activation functions, by the names Keras's own functions bear. */
const ELEMENTWISE = [
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
] as const;

/** Every name to the function's own: the functions themselves and Keras's two aliases. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ...ELEMENTWISE.map((name) => [name, name] as const),
  ["swish", "silu"] as const,
  ["hard_swish", "hard_silu"] as const,
]);

/** Keras's activations that are not plain functions of one element. */
const UNSUPPORTED: ReadonlySet<string> = new Set(["softmax", "log_softmax", "sparsemax", "threshold"]);

/** The function's own name for any of its names, or the error that `getActivation` documents. */
function functionName(name: string, argument: string): string {
  const known = NAMES.get(name);
  if (known !== undefined) return known;
  if (UNSUPPORTED.has(name)) {
    throw new GRUError(
      "ERR_UNSUPPORTED",
      `Expected an elementwise activation for \`${argument}\` but received ${describe(name)}, which is not supported yet.`,
    );
  }
  if (name === "glu") {
    throw new GRUError(
      "ERR_ARGUMENT",
      `Expected an activation that keeps the width for \`${argument}\` but received "glu", which halves it.`,
    );
  }
  throw new GRUError(
    "ERR_ARGUMENT",
    `Expected the name of a Keras activation for \`${argument}\` but received ${describe(name)}. ` +
      suggestion(name, NAMES.keys()),
  );
}

/** An activation function of the gates, with Keras's default parameters. Immutable. */
export class Activation {
  /** The name of Keras's function: `silu`, never its alias `swish`. */
  readonly name: string;
  /** The function's keyword arguments in Keras's order; empty for Keras's defaults. */
  readonly parameters: readonly number[] = Object.freeze([]);

  /** Throws as `getActivation` does, naming `argument`, unless `name` is a Keras name of an elementwise function. */
  constructor(name: string, argument = "name") {
    this.name = functionName(name, argument);
  }

  /** What Keras 3.15's `get_config()` holds for it: the function's name. */
  serialize(): unknown {
    return this.name;
  }

  /** What the kernels take. */
  native(): NativeActivation {
    return { name: this.name, parameters: this.parameters };
  }
}

/**
 * The activation that `value` stands for: a Keras name, a serialized function (`{ class_name: "function", config:
 * "tanh", ... }`, or named by `class_name` itself in module `keras.activations`), an `Activation`, or `null` (linear).
 *
 * Throws `ERR_ARGUMENT`, naming `argument`, for unknown names (with the nearest one), other values and `glu`;
 * `ERR_UNSUPPORTED` for softmax, log_softmax, sparsemax, threshold and serialized activation layers.
 */
export function getActivation(value: unknown, argument: string): Activation {
  if (value === null) return new Activation("linear");
  if (value instanceof Activation) return value;
  if (typeof value === "string") return new Activation(value, argument);
  if (typeof value !== "object") {
    throw new GRUError(
      "ERR_ARGUMENT",
      `Expected an activation (a name, a serialized function or null) for \`${argument}\` but received ${describe(value)}.`,
    );
  }
  const { module, class_name, config } = readSerialized(value, argument);
  if (module === "keras.activations" && class_name !== "function") return new Activation(class_name, argument);
  if (class_name === "function") {
    if (typeof config === "string") return new Activation(config, argument);
    throw new GRUError(
      "ERR_ARGUMENT",
      `Expected the name of a function for \`${argument}.config\` but received ${describe(config)}.`,
    );
  }
  throw new GRUError(
    "ERR_UNSUPPORTED",
    `Expected an activation function for \`${argument}\` but received the serialized object ${describe(class_name)}; ` +
      "activation layers are not supported yet.",
  );
}
