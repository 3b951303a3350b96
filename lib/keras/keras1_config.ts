type JsonObject = Record<string, unknown>;

/** What Keras 1 called the arguments of its GRU, and what they have been called since Keras 2. */
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

/** How each `consume_less` drew its dropout masks. */
const IMPLEMENTATIONS: ReadonlyMap<unknown, number> = new Map([
  ["cpu", 1],
  ["mem", 1],
  ["gpu", 2],
]);

/** What Keras 1 called the regularizer that has been L1L2 since. */
const L1L2 = ["WeightRegularizer", "L1L2Regularizer"];

/** The config that Keras 2's GRU has for `config`, which one of Keras 1 has: it applied its reset gate before the product. */
export function keras1Config({ consume_less, input_dim: _, ...config }: JsonObject): JsonObject {
  const entries = Object.entries(config).map(([key, value]) => {
    const name = Object.hasOwn(NAMES, key) ? (NAMES[key] as string) : key;
    return [name, name.endsWith("_regularizer") ? regularizer(value) : value];
  });
  const implementation = IMPLEMENTATIONS.get(consume_less) ?? 1;
  return { ...Object.fromEntries(entries), implementation, reset_after: false, use_bias: true };
}

/** Keras 1 wrote the name of a regularizer beside its arguments. */
function regularizer(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("name" in value) || "class_name" in value) return value;
  const { name, ...config } = value;
  return { class_name: L1L2.includes(String(name)) ? "L1L2" : name, config };
}
