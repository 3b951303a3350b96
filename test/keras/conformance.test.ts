import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { GRUError } from "../../dist/errors/gru_error.js";
import { getActivation } from "../../dist/keras/activations.js";
import { getConstraint } from "../../dist/keras/constraints.js";
import { getDTypePolicy } from "../../dist/keras/dtype_policy.js";
import { getInitializer } from "../../dist/keras/initializers.js";
import { spread, type VarianceScaling } from "../../dist/keras/random_initializers.js";
import { getRegularizer } from "../../dist/keras/regularizers.js";
import { relativeError } from "./helpers.js";

interface ArrayEntry {
  dtype: "float32" | "float64";
  shape: number[];
  values: number[];
}

/** The results of real Keras 3.15.1 for every name, serialized form and number (see make_configs.py). */
interface Table {
  names: Record<Vocabulary, Record<string, unknown>>;
  objects: { vocabulary: Vocabulary; given: unknown; serialized: unknown }[];
  initializers: {
    deterministic: { initializer: unknown; result: ArrayEntry }[];
    spreads: { initializer: unknown; shape: number[]; distribution: string; limit?: number; stddev?: number }[];
  };
  regularizers: { regularizer: unknown; input: ArrayEntry; loss?: number | string; error?: string }[];
  constraints: { constraint: unknown; input: ArrayEntry; result: ArrayEntry }[];
}

const table = JSON.parse(readFileSync(new URL("../fixtures/configs.json", import.meta.url), "utf8")) as Table;

const GET = {
  activations: getActivation,
  initializers: getInitializer,
  regularizers: getRegularizer,
  constraints: getConstraint,
  dtype_policies: getDTypePolicy,
};
type Vocabulary = keyof typeof GET;

/** The cases in which this package differs from Keras on purpose. Each entry has the package's behaviour. */
const DIFFERENT: Record<string, string> = {
  // Keras makes a layer with them that fails when it is called.
  "activations threshold": "ERR_ARGUMENT",
  "activations glu": "ERR_ARGUMENT",
  "initializers Initializer": "ERR_ARGUMENT",
  "initializers initializer": "ERR_ARGUMENT",
  // Keras's class has a default value, but get() trips over its absence.
  "initializers Constant": "accepted",
  "initializers constant": "accepted",
  // Keras accepts dtypes in which a GRU cannot compute.
  ...Object.fromEntries(
    ["bool", "complex64", "complex128", "string", "int16", "int32", "int64", "int"].map((name) => [
      `dtype_policies ${name}`,
      "ERR_DTYPE",
    ]),
  ),
  ...Object.fromEntries([8, 16, 32, 64].map((bits) => [`dtype_policies uint${bits}`, "ERR_DTYPE"])),
};

/** The serialized form of the object that `value` names, or `{ error }` with the code if it is refused. */
function outcome(vocabulary: Vocabulary, value: unknown): unknown {
  try {
    return GET[vocabulary](value, "argument")?.serialize() ?? null;
  } catch (error) {
    if (error instanceof GRUError) return { error: error.code };
    throw error;
  }
}

function isError(value: unknown): boolean {
  return typeof value === "object" && value !== null && "error" in value;
}

const names = (Object.keys(GET) as Vocabulary[]).flatMap((vocabulary) =>
  Object.entries(table.names[vocabulary]).map(([name, serialized]) => ({ vocabulary, name, serialized })),
);

describe("names", () => {
  it.each(names)("$vocabulary: $name", ({ vocabulary, name, serialized }) => {
    const different = DIFFERENT[`${vocabulary} ${name}`];
    const ours = outcome(vocabulary, name);
    if (different === "accepted") {
      expect(isError(serialized)).toBe(true);
      expect(isError(ours)).toBe(false);
    } else if (different !== undefined) {
      expect(isError(serialized)).toBe(false);
      expect(ours).toEqual({ error: different });
    } else if (isError(serialized)) {
      expect(ours).toEqual({ error: vocabulary === "dtype_policies" ? "ERR_DTYPE" : "ERR_ARGUMENT" });
    } else {
      expect(ours).toEqual(serialized);
      expect(outcome(vocabulary, serialized)).toEqual(serialized);
    }
  });
});

describe("serialized objects", () => {
  it.each(table.objects)("$vocabulary: $given", ({ vocabulary, given, serialized }) => {
    const { module, class_name, config } = given as Record<string, unknown>;
    const ours = outcome(vocabulary, given);
    if (vocabulary === "activations" && class_name === "LeakyReLU" && module === undefined) {
      // Keras 2's form, which Keras 3 reads in whole models only.
      expect(isError(ours)).toBe(false);
    } else if (config === "threshold") {
      expect(ours).toEqual({ error: "ERR_ARGUMENT" });
    } else if (class_name === "Constant" && Array.isArray((config as { value: unknown }).value)) {
      // Keras's documentation allows scalars only; a list works there as long as it broadcasts.
      expect(ours).toEqual({ error: "ERR_ARGUMENT" });
    } else if (isError(serialized)) {
      expect(isError(ours)).toBe(true);
    } else {
      const named = typeof config === "object" && config !== null && "name" in config;
      expect(named ? ours : unnamed(ours)).toEqual(named ? serialized : unnamed(serialized));
    }
  });
});

/** Without the name that Keras counts up for a layer that has none. */
function unnamed(value: unknown): unknown {
  const { module, config } = (value ?? {}) as { module?: string; config?: Record<string, unknown> };
  if (module !== "keras.layers") return value;
  expect(config?.name).toMatch(/^[a-z_]+(_\d+)?$/);
  return { ...(value as object), config: { ...config, name: "" } };
}

const ARRAYS = { float32: Float32Array, float64: Float64Array };
const TOLERANCES = { float32: 1e-6, float64: 1e-12 };

describe("numbers", () => {
  it.each(table.initializers.deterministic)("of $initializer, $result.dtype", ({ initializer, result }) => {
    const out = new ARRAYS[result.dtype](result.values.length).fill(9);
    getInitializer(initializer, "i").fill(out, result.shape);
    expect(relativeError(out, new ARRAYS[result.dtype](result.values))).toBe(0);
  });

  it.each(table.initializers.spreads)("of $initializer at $shape", (entry) => {
    const ours = spread(getInitializer(entry.initializer, "i") as VarianceScaling, entry.shape);
    expect(ours.distribution).toBe(entry.distribution);
    if (entry.limit === undefined) expect(relativeError([ours.stddev], [entry.stddev as number])).toBeLessThan(1e-15);
    else expect(relativeError([ours.limit], [entry.limit])).toBeLessThan(1e-15);
  });

  it.each(table.regularizers)("of $regularizer at $input.shape, $input.dtype", (entry) => {
    const { dtype, shape, values } = entry.input;
    const regularizer = getRegularizer(entry.regularizer, "r");
    const loss = () => regularizer?.loss(new ARRAYS[dtype](values), shape) as number;
    if (entry.error?.startsWith("ValueError")) {
      expect(loss).toThrow(expect.objectContaining({ code: "ERR_SHAPE" }));
    } else if (entry.error !== undefined) {
      // TensorFlow multiplies Keras's float32 factor with float32 only; the loss exists all the same.
      expect(dtype).toBe("float64");
      const single = regularizer?.loss(new Float32Array(values), shape) as number;
      if (Number.isNaN(single)) expect(loss()).toBeNaN();
      else expect(relativeError([loss()], [single])).toBeLessThan(1e-6);
    } else if (entry.loss === "NaN") {
      expect(loss()).toBeNaN();
    } else {
      expect(relativeError([loss()], [entry.loss as number])).toBeLessThan(TOLERANCES[dtype]);
    }
  });

  it.each(table.constraints)("of $constraint at $input.shape, $input.dtype", ({ constraint, input, result }) => {
    const values = new ARRAYS[input.dtype](input.values);
    getConstraint(constraint, "c")?.apply(values, input.shape);
    expect(relativeError(values, result.values)).toBeLessThan(TOLERANCES[input.dtype]);
  });
});
