import type * as tfjs from "@tensorflow/tfjs";
import { expected, expectedText } from "../../errors/messages.js";
import type { GRUArgumentsWithUnits } from "../../index.js";
import { type Constraint, getConstraint } from "../../keras/constraints.js";
import { modernConfig } from "../../keras/legacy_config.js";
import { getRegularizer, type Regularizer } from "../../keras/regularizers.js";
import { keepUnknown } from "../../layers/from_config.js";
import { isRecord } from "../../options/record.js";
import { keras3Activation, snakeCase, tfjsActivation, tfjsRegularizer, toKeras } from "./names.js";

/** A member of one of Keras's vocabularies: its name, a serialized object, an object of tfjs's or of this package's. */
export type Identifier = string | object | null;

/** What {@link GRU} takes: the arguments of Keras's GRU in tfjs's spelling, and those of every tfjs layer. */
export interface GRULayerArgs
  extends Pick<
    tfjs.GRULayerArgs,
    "inputShape" | "batchInputShape" | "batchSize" | "dtype" | "name" | "trainable" | "weights"
  > {
  /** Size of the state and of the output's last dimension. */
  units: number;
  /** Default `"tanh"`. `"hardSigmoid"` is tfjs's, which is Keras 2's. */
  activation?: Identifier | undefined;
  /** Default `"sigmoid"`, as in Keras; tfjs's own GRU has `"hardSigmoid"`. */
  recurrentActivation?: Identifier | undefined;
  /** Default true. */
  useBias?: boolean | undefined;
  /** Default `"glorotUniform"`, as in Keras; tfjs's own GRU has `"glorotNormal"`. */
  kernelInitializer?: Identifier | undefined;
  /** Default `"orthogonal"`. */
  recurrentInitializer?: Identifier | undefined;
  /** Default `"zeros"`. */
  biasInitializer?: Identifier | undefined;
  kernelRegularizer?: Identifier | undefined;
  recurrentRegularizer?: Identifier | undefined;
  biasRegularizer?: Identifier | undefined;
  /** Kept, as of models that have one; such a layer computes, and refuses to be trained: tfjs has no losses of activities. */
  activityRegularizer?: Identifier | undefined;
  kernelConstraint?: Identifier | undefined;
  recurrentConstraint?: Identifier | undefined;
  biasConstraint?: Identifier | undefined;
  /** Rate from 0 to 1, in training. Default 0. */
  dropout?: number | undefined;
  /** Rate from 0 to 1, in training. Default 0. */
  recurrentDropout?: number | undefined;
  /** Of the dropout masks; a fresh one by default. */
  seed?: number | null | undefined;
  /** Whether the output is that of all timesteps. Default false. */
  returnSequences?: boolean | undefined;
  /** Whether calls give `[output, state]`. Default false. */
  returnState?: boolean | undefined;
  /** Default false. */
  goBackwards?: boolean | undefined;
  /** Whether a batch begins with the last states of the one before. Default false. */
  stateful?: boolean | undefined;
  /** Without effect, except that such a layer is not computed by cuDNN. Default false. */
  unroll?: boolean | undefined;
  /** Default true, as in Keras; tfjs's own GRU knows false only. */
  resetAfter?: boolean | undefined;
  /** Whether the output is zero at masked timesteps in place of the output before. Default false. */
  zeroOutputForMask?: boolean | undefined;
  /** 1 draws a dropout mask of the inputs for each gate, 2 (default) one for all. */
  implementation?: 1 | 2 | undefined;
  /** As `use_cudnn` of this package's layer. Default `"auto"`. */
  useCudnn?: boolean | "auto" | undefined;
  /** As `cuda_device` of this package's layer. Default 0. */
  cudaDevice?: number | undefined;
}

/** Arguments that go to tfjs's base class as they are. */
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

/** Arguments that carry nothing here: what tfjs and Keras 2 add to configs. */
const IGNORED: ReadonlySet<string> = new Set([
  "custom_objects",
  "input_dim",
  "input_length",
  "cell",
  "num_constants",
  "autocast",
  "build_config",
]);

/** One weight's regularizer and constraint. */
export interface WeightRules {
  readonly regularizer: Regularizer | null;
  readonly constraint: Constraint | null;
}

/** The arguments of the tfjs layer, read. */
export interface LayerParts {
  /** For tfjs's base class. */
  readonly base: Record<string, unknown>;
  /** For this package's layer, which always returns its state, and leaves rules to tfjs. */
  readonly core: GRUArgumentsWithUnits & { return_state: true };
  readonly returnState: boolean;
  readonly activityRegularizer: Regularizer | null;
  /** Of kernel, recurrent_kernel and bias. */
  readonly rules: readonly [WeightRules, WeightRules, WeightRules];
}

/** Reads the constructor's arguments; the rest of the checks is this package's layer's. Throws `ERR_ARGUMENT`, `ERR_UNSUPPORTED`. */
export function readArguments(args: unknown): LayerParts {
  if (!isRecord(args)) throw expected("ERR_ARGUMENT", "args", "an object { units, ... }", args);
  const base: Record<string, unknown> = {};
  const core: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(args)) {
    const name = snakeCase(key);
    if ((BASE as readonly string[]).includes(key)) base[key] = value;
    else if (!IGNORED.has(name) && value !== undefined) {
      core[name] = toKeras(name.endsWith("_regularizer") ? tfjsRegularizer(value) : value);
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

/** tfjs takes 0, which Keras once knew, for 1. */
function readImplementation(value: unknown): unknown {
  if (value === null || value === undefined) return 2;
  return value === 0 ? 1 : value;
}

/**
 * The constructor's arguments for a layer's config in tfjs's spelling: of a model file, or of another layer's `getConfig`.
 * What a config of Keras 2 or tfjs leaves out has the defaults of these. A constraint, regularizer or initializer that is not
 * known is kept, and refused where it is needed.
 */
export function argumentsOfConfig(config: Record<string, unknown>): Record<string, unknown> {
  const base: Record<string, unknown> = {};
  const keras: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if ((BASE as readonly string[]).includes(key)) base[key] = value;
    else if (!IGNORED.has(snakeCase(key))) keras[snakeCase(key)] = toKeras(value);
  }
  // tfjs knows float32 alone, whatever policy Keras had.
  delete base.dtype;
  const isKeras3 = "zero_output_for_mask" in keras;
  const modern: Record<string, unknown> = isKeras3 ? keras : modernConfig(keras, "GRU", String(base.name));
  if (isKeras3) {
    for (const key of ["activation", "recurrent_activation"]) modern[key] = keras3Activation(modern[key]);
  }
  delete modern.dtype;
  return { ...base, ...keepUnknown(modern) };
}
