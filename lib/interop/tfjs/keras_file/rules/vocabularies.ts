// How the members of Keras's vocabularies are written in Keras 3 and in tfjs: activations, initializers, regularizers.
import { KERAS_2_HARD_SIGMOID, snakeCase } from "../../spelling.js";
import { refused, shown } from "../refusal.js";

type Plain = Readonly<Record<string, unknown>>;

/** tfjs's name of each activation that computes the same in both, by Keras's name. */
const ACTIVATIONS: ReadonlyMap<string, string> = new Map([
  ...[
    "linear",
    "relu",
    "relu6",
    "elu",
    "selu",
    "sigmoid",
    "softplus",
    "softsign",
    "tanh",
    "softmax",
    "gelu",
    "mish",
  ].map((name) => [name, name] as const),
  ["log_softmax", "logSoftmax"],
  ["silu", "swish"],
  // Only models of Keras 1 and 2 have this one.
  [KERAS_2_HARD_SIGMOID, "hardSigmoid"],
]);

/** Keras's names by those that tfjs saves, which are in snake case. */
const KERAS_ACTIVATIONS: ReadonlyMap<string, string> = new Map(
  [...ACTIVATIONS].map(([keras, tfjs]) => [snakeCase(tfjs), keras]),
);

/** Returns tfjs's name of an activation of Keras 3. Throws `ERR_UNSUPPORTED` for one that tfjs does not have. */
export function activationToTfjs(value: unknown, where: string, argument: string): string {
  const name = activationName(value);
  const found = ACTIVATIONS.get(name === "swish" ? "silu" : name);
  if (found !== undefined) return found;
  const own = name === "hard_sigmoid" ? ", whose hardSigmoid is Keras 2's clip(0.2 x + 0.5, 0, 1)" : "";
  throw refused(where, `${argument} ${shown(value)} is no activation of tfjs${own}`);
}

function activationName(value: unknown): string {
  if (value === null || value === undefined) return "linear";
  const { class_name, config } = asPlain(value) ?? {};
  const name = class_name === "function" ? config : value;
  return typeof name === "string" ? name : shown(value);
}

/** Returns Keras 3's name of an activation of tfjs. Throws `ERR_UNSUPPORTED` for one that Keras does not have. */
export function activationToKeras(value: unknown, where: string, argument: string): string {
  const name = typeof value === "string" ? value : shown(value);
  const found = KERAS_ACTIVATIONS.get(name);
  if (found !== undefined && found !== KERAS_2_HARD_SIGMOID) return found;
  throw refused(where, `${argument} ${shown(value)} is no activation of Keras 3`);
}

/** tfjs's names of initializer classes that differ from Keras's. */
const TFJS_INITIALIZERS: Readonly<Record<string, string>> = {
  LecunNormal: "LeCunNormal",
  LecunUniform: "LeCunUniform",
  OrthogonalInitializer: "Orthogonal",
  IdentityInitializer: "Identity",
};

/** The arguments of Keras's initializers, which tfjs's take too. */
const INITIALIZER_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  Zeros: [],
  Ones: [],
  Constant: ["value"],
  RandomUniform: ["minval", "maxval", "seed"],
  RandomNormal: ["mean", "stddev", "seed"],
  TruncatedNormal: ["mean", "stddev", "seed"],
  VarianceScaling: ["scale", "mode", "distribution", "seed"],
  GlorotUniform: ["seed"],
  GlorotNormal: ["seed"],
  HeNormal: ["seed"],
  HeUniform: ["seed"],
  LeCunNormal: ["seed"],
  LeCunUniform: ["seed"],
  Orthogonal: ["gain", "seed"],
  Identity: ["gain"],
};

/**
 * Returns tfjs's form of a serialized initializer of Keras. The weights of a file replace what it would make, so an
 * initializer that tfjs does not have becomes `fallback`.
 */
export function initializerToTfjs(value: unknown, fallback: string): object {
  const { class_name, config } = asPlain(value) ?? {};
  const name = TFJS_INITIALIZERS[String(class_name)] ?? String(class_name);
  const known = INITIALIZER_ARGUMENTS[name];
  if (known === undefined) return { className: fallback, config: {} };
  const args = Object.entries(asPlain(config) ?? {}).flatMap(([key, argument]) => {
    if (!known.includes(key)) return [];
    return [[key, key === "seed" ? seedOf(argument) : argument] as const];
  });
  return { className: name, config: camelValues(Object.fromEntries(args)) };
}

/** Keras may serialize a generator of seeds in place of a number. */
function seedOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function camelValues({ mode, distribution, ...others }: Record<string, unknown>): Plain {
  const camel = (value: unknown) => String(value).replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  // tfjs has one normal distribution, which is truncated, as Keras's default is.
  const normal = distribution === undefined ? {} : { distribution: distribution === "uniform" ? "uniform" : "normal" };
  return { ...others, ...(mode === undefined ? {} : { mode: camel(mode) }), ...normal };
}

/** Keras's names of the cases of VarianceScaling that have names of their own. tfjs saves them all as that class. */
const NAMED: Readonly<Record<string, string>> = {
  "1 fan_avg uniform": "GlorotUniform",
  "1 fan_avg normal": "GlorotNormal",
  "2 fan_in normal": "HeNormal",
  "2 fan_in uniform": "HeUniform",
  "1 fan_in normal": "LecunNormal",
  "1 fan_in uniform": "LecunUniform",
};

/** Returns Keras 3's form of a serialized initializer of tfjs. */
export function initializerToKeras(value: unknown, where: string, argument: string): object {
  const { class_name, config } = asPlain(value) ?? {};
  const args = asPlain(config);
  if (args === undefined || INITIALIZER_ARGUMENTS[String(class_name)] === undefined) {
    throw refused(where, `${argument} ${shown(value)} is no initializer of Keras 3`);
  }
  const named = NAMED[`${args.scale} ${args.mode} ${args.distribution}`];
  if (class_name === "VarianceScaling" && named !== undefined) {
    return serialized("keras.initializers", named, { seed: args.seed ?? null });
  }
  const distribution = args.distribution === "normal" ? { distribution: "truncated_normal" } : {};
  return serialized("keras.initializers", String(class_name), { ...args, ...distribution });
}

/** Returns tfjs's form of a serialized regularizer of Keras. Throws `ERR_UNSUPPORTED` for one that tfjs does not have. */
export function regularizerToTfjs(value: unknown, where: string, argument: string): object | null {
  if (value === null || value === undefined) return null;
  const { class_name, config } = asPlain(value) ?? {};
  const { l1 = 0, l2 = 0 } = asPlain(config) ?? {};
  if (["L1", "L2", "L1L2"].includes(String(class_name))) return { className: "L1L2", config: { l1, l2 } };
  throw refused(where, `${argument} ${shown(class_name ?? value)} is no regularizer of tfjs`);
}

/** Returns Keras 3's form of a serialized regularizer of tfjs. */
export function regularizerToKeras(value: unknown, where: string, argument: string): object | null {
  if (value === null || value === undefined) return null;
  const { class_name, config } = asPlain(value) ?? {};
  const { l1, l2 } = asPlain(config) ?? {};
  if (class_name === "L1L2" && typeof l1 === "number" && typeof l2 === "number") {
    return serialized("keras.regularizers", "L1L2", { l1, l2 });
  }
  throw refused(where, `${argument} ${shown(value)} is no regularizer of Keras 3`);
}

/** Returns an object as Keras 3 serializes one of its own. */
export function serialized(module: string, className: string, config: object): Record<string, unknown> {
  return { module, class_name: className, config, registered_name: null };
}

/** Returns `value` if it is a plain object. */
export function asPlain(value: unknown): Plain | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Plain) : undefined;
}
