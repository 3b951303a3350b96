import { expected } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import type { Activation } from "../keras/activation.js";
import { getActivation } from "../keras/activations.js";
import { type Constraint, getConstraint } from "../keras/constraints.js";
import { type DTypePolicy, type Dtype, type DtypeName, getDTypePolicy } from "../keras/dtype_policy.js";
import type { CustomActivation, GateActivation } from "../keras/gate_activation.js";
import { getInitializer, type Initializer } from "../keras/initializers.js";
import { getRegularizer, type Regularizer } from "../keras/regularizers.js";
import type { SerializedLike } from "../keras/serialization.js";
import { everyItem } from "../native/arrays.js";
import type { NativeDtype } from "../native/binding.js";
import { isSixteenBit, type SixteenBitDtype } from "../native/sixteen_bit.js";
import { Options } from "../options/options.js";
import { isRecord } from "../options/record.js";
import { requireInteger, requireRate, SIZE_LIMIT } from "../options/values.js";

/** A Keras name, an object in Keras's serialized form, an instance of one of this package's classes, or `null`. */
export type Spec<T> = string | SerializedLike | T | null;

/** The argument `dtype`: a name, which need not be known to the types, a serialized policy or a policy. */
export type DtypeSpec<D extends DtypeName = DtypeName> =
  | D
  | (string & {})
  | {
      /** `"DTypePolicy"`, or another Keras name for it. */
      class_name: string;
      /** The arguments of the policy. */
      config: {
        /** The name of the policy. */
        name: D;
      };
    }
  | SerializedLike
  | DTypePolicy
  | null;

/**
 * The arguments of `keras.layers.GRU` (Keras 3.15), by Keras's names, and `cuda_device`. `units` is not among them
 * because it may come first. `S` is the type of `return_state`, and `D` is the dtype. The defaults are Keras's.
 */
export interface GRUArguments<S extends boolean = boolean, D extends DtypeName = DtypeName> {
  /** The activation of the candidate state; `"tanh"` by default. `null` means linear. */
  activation?: Spec<Activation> | CustomActivation | undefined;
  /** The activation of the update and reset gates; `"sigmoid"` by default. `null` means linear. */
  recurrent_activation?: Spec<Activation> | CustomActivation | undefined;
  /** Whether the layer has a bias; true by default. */
  use_bias?: boolean | undefined;
  /** The initializer of the kernel, (features, 3 * units); `"glorot_uniform"` by default. */
  kernel_initializer?: Spec<Initializer> | undefined;
  /** The initializer of the recurrent kernel, (units, 3 * units); `"orthogonal"` by default. */
  recurrent_initializer?: Spec<Initializer> | undefined;
  /** The initializer of the bias, (2, 3 * units) or, without `reset_after`, (3 * units,); `"zeros"` by default. */
  bias_initializer?: Spec<Initializer> | undefined;
  /** The regularizer of the kernel; none by default. */
  kernel_regularizer?: Spec<Regularizer> | undefined;
  /** The regularizer of the recurrent kernel; none by default. */
  recurrent_regularizer?: Spec<Regularizer> | undefined;
  /** The regularizer of the bias; none by default. */
  bias_regularizer?: Spec<Regularizer> | undefined;
  /** The regularizer of every tensor that a call returns; none by default. Its losses are divided by the batch size. */
  activity_regularizer?: Spec<Regularizer> | undefined;
  /** The constraint that optimizers apply to the kernel after each update; none by default. */
  kernel_constraint?: Spec<Constraint> | undefined;
  /** The constraint that optimizers apply to the recurrent kernel after each update; none by default. */
  recurrent_constraint?: Spec<Constraint> | undefined;
  /** The constraint that optimizers apply to the bias after each update; none by default. */
  bias_constraint?: Spec<Constraint> | undefined;
  /** The share of the inputs that training drops, clamped to 0..1; 0 by default. As in Keras, 1 drops nothing. */
  dropout?: number | undefined;
  /** The share of the state that training drops, clamped to 0..1; 0 by default. Forces `implementation: 1`. */
  recurrent_dropout?: number | undefined;
  /** The seed of dropout; `null` by default, which draws one. */
  seed?: number | null | undefined;
  /**
   * Whether the output has every timestep, (batch, timesteps, units), or only the last one, (batch, units); false by
   * default.
   */
  return_sequences?: boolean | undefined;
  /** Whether calls return `[output, state]` in place of the output alone; false by default. */
  return_state?: S | undefined;
  /** Whether to go through time backwards; false by default. The output then has that order too. */
  go_backwards?: boolean | undefined;
  /** Whether each call starts from the states that the previous call ended with; false by default. */
  stateful?: boolean | undefined;
  /**
   * Accepted for compatibility with Keras; false by default. With true the numbers are the same and cuDNN is not used.
   */
  unroll?: boolean | undefined;
  /** Whether the reset gate is applied after the matrix product, which is cuDNN's convention; true by default. */
  reset_after?: boolean | undefined;
  /** `"auto"` (the default) uses cuDNN when it can compute the call, `true` always uses cuDNN, `false` never does. */
  use_cudnn?: boolean | "auto" | undefined;
  /** The name of the layer; `gru`, `gru_1`, … by default. */
  name?: string | null | undefined;
  /** Whether the weights are trainable and their regularizers are counted; true by default. */
  trainable?: boolean | undefined;
  /**
   * `"float32"` (default), `"float64"`, `"float16"`, `"bfloat16"`, `"mixed_float16"` or `"mixed_bfloat16"` (float32
   * weights, 16-bit inputs and results), or a serialized policy.
   */
  dtype?: DtypeSpec<D> | undefined;
  /** Whether the output at masked timesteps is zero, in place of the previous output; false by default. */
  zero_output_for_mask?: boolean | undefined;
  /** 1 draws a dropout mask of the inputs for each gate. 2 (the default) draws one mask for all gates. */
  implementation?: 1 | 2 | undefined;
  /** Whether inputs of another floating-point dtype are converted to the layer's (the default) or refused. */
  autocast?: boolean | undefined;
  /**
   * Accepted for compatibility with Keras's Sequential models: `[timesteps, features]`. It does not build the layer.
   */
  input_shape?: readonly (number | null)[] | null | undefined;
  /** Accepted for compatibility with Keras. It does not build the layer. */
  input_dim?: number | null | undefined;
  /** The index of the CUDA device that calls on the cuDNN path use; 0 by default. */
  cuda_device?: number | undefined;
}

/** The constructor's arguments after they were read: every default is filled in and every name is resolved. */
export interface GRUOptions {
  readonly units: number;
  readonly activation: GateActivation;
  readonly recurrentActivation: GateActivation;
  /** True when functions of the user run during a call. */
  readonly custom: boolean;
  readonly useBias: boolean;
  readonly kernelInitializer: Initializer;
  readonly recurrentInitializer: Initializer;
  readonly biasInitializer: Initializer;
  readonly kernelRegularizer: Regularizer | null;
  readonly recurrentRegularizer: Regularizer | null;
  readonly biasRegularizer: Regularizer | null;
  readonly activityRegularizer: Regularizer | null;
  readonly kernelConstraint: Constraint | null;
  readonly recurrentConstraint: Constraint | null;
  readonly biasConstraint: Constraint | null;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly seed: number | null;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  readonly stateful: boolean;
  readonly unroll: boolean;
  readonly resetAfter: boolean;
  readonly useCudnn: boolean | "auto";
  readonly name: string | null;
  readonly trainable: boolean;
  readonly policy: DTypePolicy;
  /** The dtype of inputs, initial states and results. It follows from `policy`. */
  readonly computeDtype: Dtype;
  /** The dtype of the weights. It follows from `policy`. */
  readonly variableDtype: Dtype;
  /** The dtype that the kernels compute in. It is float32 when `computeDtype` has 16 bits. */
  readonly kernelDtype: NativeDtype;
  /** The dtype that the kernels round every state to. It is `computeDtype` when that has 16 bits, else `null`. */
  readonly rounding: SixteenBitDtype | null;
  readonly zeroOutputForMask: boolean;
  readonly implementation: 1 | 2;
  readonly autocast: boolean;
  readonly cudaDevice: number;
}

/** The names of all arguments. The type makes the compiler compare them with `GRUArguments`. */
const NAMES: Readonly<Record<keyof GRUArguments | "units", true>> = {
  units: true,
  activation: true,
  recurrent_activation: true,
  use_bias: true,
  kernel_initializer: true,
  recurrent_initializer: true,
  bias_initializer: true,
  kernel_regularizer: true,
  recurrent_regularizer: true,
  bias_regularizer: true,
  activity_regularizer: true,
  kernel_constraint: true,
  recurrent_constraint: true,
  bias_constraint: true,
  dropout: true,
  recurrent_dropout: true,
  seed: true,
  return_sequences: true,
  return_state: true,
  go_backwards: true,
  stateful: true,
  unroll: true,
  reset_after: true,
  use_cudnn: true,
  name: true,
  trainable: true,
  dtype: true,
  zero_output_for_mask: true,
  implementation: true,
  autocast: true,
  input_shape: true,
  input_dim: true,
  cuda_device: true,
};

/** The names of all arguments of a GRU. */
export const GRU_ARGUMENT_NAMES: readonly string[] = Object.keys(NAMES);

/**
 * Reads the arguments of `new GRU(units, args)` or `new GRU({ units, ...args })`.
 *
 * Throws `ERR_ARGUMENT`, naming the argument, `ERR_DTYPE` for an unknown dtype, and `ERR_UNSUPPORTED` for arguments
 * that this version cannot compute.
 */
export function readConstructor(first: unknown, second: unknown): GRUOptions {
  return reading("GRU", () => readArguments(first, second));
}

function readArguments(first: unknown, second: unknown): GRUOptions {
  const read = new Options("GRU", joinArguments(first, second), GRU_ARGUMENT_NAMES, null);
  const value = (name: keyof typeof NAMES, fallback?: unknown) => read.raw(name, fallback);
  const units = requireInteger(value("units"), "units", "a positive integer below 2^31", 1, SIZE_LIMIT - 1);
  const recurrentDropout = requireRate(value("recurrent_dropout"), "recurrent_dropout");
  const implementation = readImplementation(value("implementation"));
  const policy = getDTypePolicy(value("dtype") ?? null, "dtype");
  const activation = getActivation(value("activation", "tanh"), "activation", policy);
  const recurrentActivation = getActivation(value("recurrent_activation", "sigmoid"), "recurrent_activation", policy);
  checkInputHints(value("input_shape"), value("input_dim"));
  return {
    units,
    activation,
    recurrentActivation,
    custom: activation.custom !== null || recurrentActivation.custom !== null,
    useBias: read.boolean("use_bias", true),
    kernelInitializer: getInitializer(value("kernel_initializer", "glorot_uniform"), "kernel_initializer"),
    recurrentInitializer: getInitializer(value("recurrent_initializer", "orthogonal"), "recurrent_initializer"),
    biasInitializer: getInitializer(value("bias_initializer", "zeros"), "bias_initializer"),
    kernelRegularizer: getRegularizer(value("kernel_regularizer") ?? null, "kernel_regularizer"),
    recurrentRegularizer: getRegularizer(value("recurrent_regularizer") ?? null, "recurrent_regularizer"),
    biasRegularizer: getRegularizer(value("bias_regularizer") ?? null, "bias_regularizer"),
    activityRegularizer: getRegularizer(value("activity_regularizer") ?? null, "activity_regularizer"),
    kernelConstraint: getConstraint(value("kernel_constraint") ?? null, "kernel_constraint"),
    recurrentConstraint: getConstraint(value("recurrent_constraint") ?? null, "recurrent_constraint"),
    biasConstraint: getConstraint(value("bias_constraint") ?? null, "bias_constraint"),
    dropout: requireRate(value("dropout"), "dropout"),
    recurrentDropout,
    seed: readSeed(value("seed")),
    returnSequences: read.boolean("return_sequences", false),
    returnState: read.boolean("return_state", false),
    goBackwards: read.boolean("go_backwards", false),
    stateful: read.boolean("stateful", false),
    unroll: read.boolean("unroll", false),
    resetAfter: read.boolean("reset_after", true),
    useCudnn: readUseCudnn(value("use_cudnn")),
    name: readName(value("name")),
    trainable: read.boolean("trainable", true),
    policy,
    ...dtypesOf(policy),
    zeroOutputForMask: read.boolean("zero_output_for_mask", false),
    implementation: recurrentDropout !== 0 ? 1 : implementation,
    autocast: read.boolean("autocast", true),
    cudaDevice: requireInteger(value("cuda_device", 0), "cuda_device", "a device index", 0, SIZE_LIMIT - 1),
  };
}

function joinArguments(first: unknown, second: unknown): Record<string, unknown> {
  if (isRecord(first)) {
    if (second !== undefined) throw expected("ERR_ARGUMENT", "GRU", "one object of arguments", second);
    return first;
  }
  if (second === undefined) return { units: first };
  if (!isRecord(second)) throw expected("ERR_ARGUMENT", "GRU", "an object of arguments after `units`", second);
  if (second.units !== undefined) {
    throw expected("ERR_ARGUMENT", "units", "the number of units once, first or in the object", second.units);
  }
  return { ...second, units: first };
}

function readSeed(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  const { MIN_SAFE_INTEGER, MAX_SAFE_INTEGER } = Number;
  return requireInteger(value, "seed", "an integer or null", MIN_SAFE_INTEGER, MAX_SAFE_INTEGER);
}

/** Reads the argument `name` of a layer. Throws `ERR_ARGUMENT`. */
export function readName(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== "string" || value.includes("/")) {
    throw expected("ERR_ARGUMENT", "name", 'a string without "/"', value);
  }
  return value;
}

function readUseCudnn(value: unknown): boolean | "auto" {
  if (value === undefined) return "auto";
  if (typeof value !== "boolean" && value !== "auto") {
    throw expected("ERR_ARGUMENT", "use_cudnn", 'true, false or "auto"', value);
  }
  return value;
}

function readImplementation(value: unknown): 1 | 2 {
  if (value === undefined) return 2;
  if (value !== 1 && value !== 2) {
    const wanted = value === 0 ? "1 or 2 (the 0 of Keras 2.0 is 1)" : "1 or 2";
    throw expected("ERR_ARGUMENT", "implementation", wanted, value);
  }
  return value;
}

/** Checks the arguments that Keras takes for its Sequential models. Throws `ERR_ARGUMENT`. */
export function checkInputHints(input_shape: unknown, input_dim: unknown): void {
  if (input_dim !== undefined && input_dim !== null) {
    requireInteger(input_dim, "input_dim", "a number of features", 0, SIZE_LIMIT - 1);
  }
  if (input_shape === undefined || input_shape === null) return;
  const valid =
    Array.isArray(input_shape) &&
    everyItem(
      input_shape,
      (size) => size === null || (Number.isInteger(size) && (size as number) >= 0 && (size as number) < SIZE_LIMIT),
    );
  if (!valid) throw expected("ERR_ARGUMENT", "input_shape", "an array of dimensions (integers or null)", input_shape);
}

function dtypesOf({
  computeDtype,
  variableDtype,
}: DTypePolicy): Pick<GRUOptions, "computeDtype" | "variableDtype" | "kernelDtype" | "rounding"> {
  return isSixteenBit(computeDtype)
    ? { computeDtype, variableDtype, kernelDtype: "float32", rounding: computeDtype }
    : { computeDtype, variableDtype, kernelDtype: computeDtype, rounding: null };
}
