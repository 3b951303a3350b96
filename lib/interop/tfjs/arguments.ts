import type * as tfjs from "@tensorflow/tfjs";
import { GRU_ARGUMENT_NAMES } from "../../arguments/constructor.js";
import { expected, expectedText } from "../../errors/messages.js";
import { suggestion } from "../../errors/suggestion.js";
import type { GRUArgumentsWithUnits } from "../../index.js";
import { getActivation } from "../../keras/activations.js";
import { type Constraint, getConstraint } from "../../keras/constraints.js";
import { getInitializer } from "../../keras/initializers.js";
import { modernConfig } from "../../keras/legacy_config.js";
import { getRegularizer, type Regularizer } from "../../keras/regularizers.js";
import { keepUnknown } from "../../layers/from_config.js";
import { isRecord } from "../../options/record.js";
import { camelCase, keras3Activation, snakeCase, tfjsActivation, tfjsRegularizer, toKeras } from "./spelling.js";

/**
 * A member of one of Keras's vocabularies: its name, a serialized object, or an object of tfjs's or of this package's.
 */
export type Identifier = string | object | null;

/** The arguments of {@link GRU}: those of Keras's GRU in tfjs's spelling, and those of every tfjs layer. */
export interface GRULayerArgs
  extends Pick<
    tfjs.GRULayerArgs,
    "inputShape" | "batchInputShape" | "batchSize" | "dtype" | "name" | "trainable" | "weights"
  > {
  /** The size of the state and of the output's last dimension, from 1. */
  units: number;
  /**
   * The activation of the candidate state; `"tanh"` by default. `"hardSigmoid"` is tfjs's function, which is Keras 2's.
   */
  activation?: Identifier | undefined;
  /** The activation of the gates; `"sigmoid"` by default, as in Keras. tfjs's own GRU has `"hardSigmoid"`. */
  recurrentActivation?: Identifier | undefined;
  /** Whether the layer adds biases; true by default. */
  useBias?: boolean | undefined;
  /** The initializer of the kernel; `"glorotUniform"` by default, as in Keras. tfjs's own GRU has `"glorotNormal"`. */
  kernelInitializer?: Identifier | undefined;
  /** The initializer of the recurrent kernel; `"orthogonal"` by default. */
  recurrentInitializer?: Identifier | undefined;
  /** The initializer of the bias; `"zeros"` by default. */
  biasInitializer?: Identifier | undefined;
  /** The regularizer of the kernel; none by default. */
  kernelRegularizer?: Identifier | undefined;
  /** The regularizer of the recurrent kernel; none by default. */
  recurrentRegularizer?: Identifier | undefined;
  /** The regularizer of the bias; none by default. */
  biasRegularizer?: Identifier | undefined;
  /**
   * Kept in the config, for models that have one. Such a layer computes but refuses to be trained, since tfjs has no
   * losses of activities.
   */
  activityRegularizer?: Identifier | undefined;
  /** The constraint of the kernel; none by default. */
  kernelConstraint?: Identifier | undefined;
  /** The constraint of the recurrent kernel; none by default. */
  recurrentConstraint?: Identifier | undefined;
  /** The constraint of the bias; none by default. */
  biasConstraint?: Identifier | undefined;
  /** The rate of dropout of the inputs in training, from 0 to 1; 0 by default. */
  dropout?: number | undefined;
  /** The rate of dropout of the state in training, from 0 to 1; 0 by default. */
  recurrentDropout?: number | undefined;
  /** The seed of the dropout masks; a fresh one by default. */
  seed?: number | null | undefined;
  /** Whether to return the outputs of all timesteps; false by default. */
  returnSequences?: boolean | undefined;
  /** Whether calls return `[output, state]`; false by default. */
  returnState?: boolean | undefined;
  /** Whether timesteps are computed in reverse order; false by default. */
  goBackwards?: boolean | undefined;
  /** Whether each batch starts with the last states of the batch before; false by default. */
  stateful?: boolean | undefined;
  /** Has no effect, except that such a layer is not computed by cuDNN; false by default. */
  unroll?: boolean | undefined;
  /**
   * Whether the reset gate applies after the recurrent product; true by default, as in Keras. tfjs's own GRU knows only
   * false.
   */
  resetAfter?: boolean | undefined;
  /** Whether the output is zero at masked timesteps instead of the output before; false by default. */
  zeroOutputForMask?: boolean | undefined;
  /** 1 draws a dropout mask of the inputs for each gate, 2 (the default) draws one for all gates. */
  implementation?: 1 | 2 | undefined;
  /** The `use_cudnn` of this package's layer; `"auto"` by default. */
  useCudnn?: boolean | "auto" | undefined;
  /** The `cuda_device` of this package's layer; 0 by default. */
  cudaDevice?: number | undefined;
}

/** Arguments that are passed unchanged to tfjs's base class. */
const BASE = [
  "inputShape",
  "batchInputShape",
  "batchSize",
  "dtype",
  "inputDType",
  "name",
  "trainable",
  "weights",
] as const;

/** The arguments that messages list, in tfjs's spelling. */
const KNOWN: readonly string[] = [...new Set([...GRU_ARGUMENT_NAMES.map(camelCase), ...BASE])];

/** Arguments without a meaning here, which tfjs and Keras 2 add to configs. */
const IGNORED: ReadonlySet<string> = new Set([
  "custom_objects",
  "input_dim",
  "input_length",
  "cell",
  "num_constants",
  "autocast",
  "build_config",
]);

/** The regularizer and the constraint of one weight. */
export interface WeightRules {
  readonly regularizer: Regularizer | null;
  readonly constraint: Constraint | null;
}

/** The arguments of the tfjs layer after reading. */
export interface LayerParts {
  /** The arguments of tfjs's base class. */
  readonly base: Record<string, unknown>;
  /**
   * The arguments of this package's layer. It always returns its state, and tfjs applies regularizers and constraints.
   */
  readonly core: GRUArgumentsWithUnits & { return_state: true };
  readonly returnState: boolean;
  readonly activityRegularizer: Regularizer | null;
  /** The rules of kernel, recurrent_kernel and bias. */
  readonly rules: readonly [WeightRules, WeightRules, WeightRules];
}

/**
 * Reads the constructor's arguments. This package's layer makes the remaining checks. Throws `ERR_ARGUMENT` and
 * `ERR_UNSUPPORTED`.
 */
export function readArguments(args: unknown): LayerParts {
  if (!isRecord(args)) throw expected("ERR_ARGUMENT", "args", "an object { units, ... }", args);
  const base: Record<string, unknown> = {};
  const core: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(args)) {
    const name = snakeCase(key);
    if ((BASE as readonly string[]).includes(key)) base[key] = value;
    else if (!IGNORED.has(name) && value !== undefined) {
      requireKnown(key, name);
      const converted = toKeras(name.endsWith("_regularizer") ? tfjsRegularizer(value) : value);
      core[name] = typeof value === "string" && !isKnownName(name, converted) ? value : converted;
    }
  }
  if (core.time_major === true) {
    throw expectedText("ERR_UNSUPPORTED", "timeMajor", "false", "true", {
      remedy: "Inputs are [batch, timesteps, features].",
    });
  }
  const activityRegularizer = getRegularizer(core.activity_regularizer ?? null, "activity_regularizer");
  delete core.activity_regularizer;
  delete core.time_major;
  core.implementation = readImplementation(core.implementation);
  for (const key of ["activation", "recurrent_activation"]) {
    if (key in core) core[key] = tfjsActivation(core[key]);
  }
  const returnState = core.return_state === undefined ? false : core.return_state;
  if (typeof returnState !== "boolean") throw expected("ERR_ARGUMENT", "returnState", "true or false", returnState);
  const rules = ["kernel", "recurrent", "bias"].map((weight): WeightRules => {
    const regularizer = `${weight}_regularizer`;
    const constraint = `${weight}_constraint`;
    const found = {
      regularizer: getRegularizer(core[regularizer] ?? null, regularizer),
      constraint: getConstraint(core[constraint] ?? null, constraint),
    };
    delete core[regularizer];
    delete core[constraint];
    return found;
  });
  return {
    base,
    core: { ...core, return_state: true } as LayerParts["core"],
    returnState,
    activityRegularizer,
    rules: rules as unknown as LayerParts["rules"],
  };
}

/** Throws `ERR_ARGUMENT` for an argument that is none, in the caller's spelling. */
function requireKnown(key: string, name: string): void {
  if (GRU_ARGUMENT_NAMES.includes(name) || name === "time_major") return;
  const received = `the unknown argument \`${key}\``;
  throw expectedText("ERR_ARGUMENT", "GRU", "only known arguments", received, { remedy: suggestion(key, KNOWN) });
}

/** The readers of the vocabularies, by the ends of the arguments' names. */
const VOCABULARIES: Readonly<Record<string, (value: unknown, name: string) => unknown>> = {
  activation: (value, name) => getActivation(value, name),
  initializer: getInitializer,
  regularizer: getRegularizer,
  constraint: getConstraint,
};

/** Whether Keras's vocabularies have `value`. A name that they do not have is refused as the caller wrote it. */
function isKnownName(name: string, value: unknown): boolean {
  try {
    VOCABULARIES[name.slice(name.lastIndexOf("_") + 1)]?.(value, name);
    return true;
  } catch {
    return false;
  }
}

/** Reads `implementation`. Keras once had a 0, which tfjs treats as 1. */
function readImplementation(value: unknown): unknown {
  if (value === null || value === undefined) return 2;
  return value === 0 ? 1 : value;
}

/**
 * Converts a layer's config in tfjs's spelling, from a model file or from another layer's `getConfig`, to arguments of
 * the constructor. Keys that a config of Keras 2 or tfjs omits get the defaults of these. An unknown constraint,
 * regularizer or initializer is kept, and throws where it is needed.
 */
export function argumentsOfConfig(config: Record<string, unknown>): Record<string, unknown> {
  const base: Record<string, unknown> = {};
  const keras: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if ((BASE as readonly string[]).includes(key)) base[key] = value;
    else if (!IGNORED.has(snakeCase(key))) keras[snakeCase(key)] = toKeras(value);
  }
  // tfjs knows only float32, whatever policy the layer had in Keras.
  delete base.dtype;
  const isKeras3 = "zero_output_for_mask" in keras;
  const modern: Record<string, unknown> = isKeras3 ? keras : modernConfig(keras, "GRU", String(base.name));
  if (isKeras3) {
    for (const key of ["activation", "recurrent_activation"]) modern[key] = keras3Activation(modern[key]);
  }
  delete modern.dtype;
  return { ...base, ...keepUnknown(modern) };
}
