type JsonObject = Record<string, unknown>;

/** Maps Keras 1's names of the GRU's arguments to their names since Keras 2. */
const NAMES: Readonly<Record<string, string>> = {
  output_dim: "units",
  init: "kernel_initializer",
  inner_init: "recurrent_initializer",
  inner_activation: "recurrent_activation",
  W_regularizer: "kernel_regularizer",
  U_regularizer: "recurrent_regularizer",
  b_regularizer: "bias_regularizer",
  dropout_W: "dropout",
  dropout_U: "recurrent_dropout",
};

/** The `implementation` that draws dropout masks like each value of `consume_less`. */
const IMPLEMENTATIONS: ReadonlyMap<unknown, number> = new Map([
  ["cpu", 1],
  ["mem", 1],
  ["gpu", 2],
]);

/** Keras 1's names of the regularizer that has been called L1L2 since. */
const L1L2 = ["WeightRegularizer", "L1L2Regularizer"];

/** Returns Keras 2's form of a GRU's config from Keras 1. The reset gate of Keras 1 applied before the product. */
export function keras1Config({ consume_less, input_dim: _, ...config }: JsonObject): JsonObject {
  const entries = Object.entries(config).map(([key, value]) => {
    const name = Object.hasOwn(NAMES, key) ? (NAMES[key] as string) : key;
    return [name, name.endsWith("_regularizer") ? regularizer(value) : value];
  });
  const implementation = IMPLEMENTATIONS.get(consume_less) ?? 1;
  return { ...Object.fromEntries(entries), implementation, reset_after: false, use_bias: true };
}

/** Converts a regularizer, whose name Keras 1 wrote beside its arguments. */
function regularizer(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("name" in value) || "class_name" in value) return value;
  const { name, ...config } = value;
  return { class_name: L1L2.includes(String(name)) ? "L1L2" : name, config };
}
