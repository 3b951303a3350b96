import type { NativeArray } from "./arrays.js";

/*
 * The order of the addon's positional arguments and the bits of its flags. No other TypeScript file states them. The
 * addon states its own in native/addon/contract.h, and `requireContract` (contract_check.ts) compares the two when the addon is loaded.
 */

/** The bits of the argument `flags`. */
export const CALL_FLAGS = {
  returnSequences: 1,
  goBackwards: 2,
  zeroOutputForMask: 4,
  /**
   * The call runs on the CUDA device, by cuDNN. It must meet every requirement, and `cudnnRuntime` must have said that
   * cuDNN works.
   */
  cudnn: 8,
  /** Allows float32 products on the cuDNN path to round their factors to TF32. */
  allowTf32: 16,
} as const;

/**
 * The values of one call, by name. B, T, F and U are batch, timesteps, features and units. Typed arrays have the
 * layer's dtype unless another type is named here. The addon checks the kinds and lengths of arrays only as far as
 * memory safety needs. TypeScript checks their meaning.
 *
 * Hazard: an asynchronous call reads and writes these arrays on other threads until its promise settles. The caller
 * must therefore own them alone: copies, never a user's array, and never memory of a SharedArrayBuffer.
 */
interface CallValues {
  /** (B, T, F). For a layer with a `stateRounding`, it may also be a `Uint16Array` of bits of that type. */
  inputs: NativeArray | Uint16Array;
  /**
   * The output, which the addon writes: (B, T, U) with `returnSequences`, else (B, U). Like `inputs`, it may hold bits,
   * except in `forward`.
   */
  output: NativeArray | Uint16Array;
  /** The state after the last step, (B, U), which the addon writes. */
  state: NativeArray;
  /** The state before the first step, (B, U). `null` means zeros. */
  initialState: NativeArray | null;
  /** (B, T). Non-zero means true. The addon computes with a copy. */
  mask: Uint8Array | null;
  /**
   * (B,), each in 0..T. May not come together with `mask`. The addon copies the lengths and checks the copy, because
   * they become indices.
   */
  lengths: Int32Array | null;
  /** (1 or 3, B, F). Multipliers, in the gate order z, r, h. */
  inputDropout: NativeArray | null;
  /** (3, B, U). Multipliers, in the gate order z, r, h. */
  recurrentDropout: NativeArray | null;
  batch: number;
  timesteps: number;
  /** The sum of the `CALL_FLAGS` that are set. */
  flags: number;
}

const CALL = [
  "inputs",
  "output",
  "state",
  "initialState",
  "mask",
  "lengths",
  "inputDropout",
  "recurrentDropout",
  "batch",
  "timesteps",
  "flags",
] as const satisfies (keyof CallValues)[];

/** The upstream gradients, and the arrays that a pass writes its own gradients to, by name. */
interface BackwardValues {
  /** The upstream gradient of the output, in its shape. `null` means zeros. */
  dOutput: NativeArray | null;
  /** The upstream gradient of the state, (B, U). `null` means zeros. */
  dState: NativeArray | null;
  /** (B, T, F). The addon writes this array and all that follow. */
  dInputs: NativeArray;
  /** (B, U). */
  dInitialState: NativeArray;
  /** (F, 3U). It has Keras's layout, as the other weights have. */
  dKernel: NativeArray;
  /** (U, 3U). */
  dRecurrentKernel: NativeArray;
  /** (2, 3U), or (3U,) when `resetAfter` is false; `null` for a layer without a bias. */
  dBias: NativeArray | null;
}

const BACKWARD = [
  "dOutput",
  "dState",
  "dInputs",
  "dInitialState",
  "dKernel",
  "dRecurrentKernel",
  "dBias",
] as const satisfies (keyof BackwardValues)[];

/** The values of one call of a stack, by name. W is the width of the last layer's output; the rest is as in `CallValues`. */
interface StackCallValues extends Pick<CallValues, "inputs" | "mask" | "lengths" | "batch" | "timesteps"> {
  /** The output of the last layer, which the addon writes: (B, T, W) with `returnSequences`, else (B, W). */
  output: NativeArray | Uint16Array;
  /** The backward half's output when the last layer's merge mode is "separate"; otherwise `null`. */
  secondOutput: NativeArray | Uint16Array | null;
  /** `returnSequences` belongs to the last layer, because every other layer has it. `allowTf32` is for all layers. */
  flags: number;
}

const STACK_CALL = [
  "inputs",
  "output",
  "secondOutput",
  "mask",
  "lengths",
  "batch",
  "timesteps",
  "flags",
] as const satisfies (keyof StackCallValues)[];

/** The values of one GRU of a stack, by name. F and U are its own features and units. */
interface StackHalfValues extends Pick<CallValues, "state" | "initialState" | "inputDropout" | "recurrentDropout"> {
  /**
   * The sum of those `CALL_FLAGS` that belong to one GRU: `goBackwards`, which the backward half of a Bidirectional
   * usually has, `zeroOutputForMask` and `cudnn`.
   */
  halfFlags: number;
}

const STACK_HALF = [
  "state",
  "initialState",
  "inputDropout",
  "recurrentDropout",
  "halfFlags",
] as const satisfies (keyof StackHalfValues)[];

/** The upstream gradients of a stack's outputs, and the array for the gradient of its inputs, by name. */
interface StackBackwardValues extends Pick<BackwardValues, "dOutput"> {
  /** The upstream gradient of `secondOutput`, in its shape. `null` means zeros. */
  dSecondOutput: NativeArray | null;
  /** (B, T, F). The addon writes this array. */
  dInputs: NativeArray;
}

const STACK_BACKWARD = ["dOutput", "dSecondOutput", "dInputs"] as const satisfies (keyof StackBackwardValues)[];

/** The gradients of one GRU of a stack, by name. */
type StackHalfGradients = Omit<BackwardValues, "dOutput" | "dInputs">;

const STACK_HALF_GRADIENTS = [
  "dState",
  "dInitialState",
  "dKernel",
  "dRecurrentKernel",
  "dBias",
] as const satisfies (keyof StackHalfGradients)[];

const PROGRAM_RUN = ["rows", "inputs", "outputs"] as const;

/** The types of the values with these names, in their order. */
type InOrder<Values, Names extends readonly (keyof Values)[]> = { -readonly [I in keyof Names]: Values[Names[I]] };

/** The positional arguments of one call. */
export type NativeCallArguments = InOrder<CallValues, typeof CALL>;

/** The positional arguments of one call of a stack: those of the call, and then those of each GRU. */
export type NativeStackArguments = [...call: InOrder<StackCallValues, typeof STACK_CALL>, ...halves: unknown[]];

/** The positional arguments of the `backward` of a stack's pass: those of the call, and then those of each GRU. */
export type NativeStackBackwardArguments = [
  ...call: InOrder<StackBackwardValues, typeof STACK_BACKWARD>,
  ...halves: (NativeArray | null)[],
];

/** The positional arguments of one pass's `backward`. */
export type NativeBackwardArguments = InOrder<BackwardValues, typeof BACKWARD>;

/** The values that a call computes with, apart from the arrays of its state and results. */
export type NativeCall = Pick<CallValues, "inputs" | "mask" | "lengths" | "batch" | "timesteps" | "flags"> & {
  readonly dropout: { readonly input: NativeArray | null; readonly recurrent: NativeArray | null } | null;
};

/** The arrays that a call writes, and the state that it starts from. */
export type NativeCallArrays = Pick<CallValues, "output" | "state" | "initialState">;

/** Returns the arguments of a call in the addon's order. No other code of the package knows this order. */
export function callArguments(call: NativeCall, arrays: NativeCallArrays): NativeCallArguments {
  const { dropout } = call;
  return [
    call.inputs,
    arrays.output,
    arrays.state,
    arrays.initialState,
    call.mask,
    call.lengths,
    dropout === null ? null : dropout.input,
    dropout === null ? null : dropout.recurrent,
    call.batch,
    call.timesteps,
    call.flags,
  ];
}

/**
 * Calls `gru.call(...args)`. Passing the elements one by one takes 50 ns less than V8's spread, which is noticeable in
 * a tiny call.
 */
export function callSpread(gru: { call(...args: NativeCallArguments): void }, args: NativeCallArguments): void {
  gru.call(args[0], args[1], args[2], args[3], args[4], args[5], args[6], args[7], args[8], args[9], args[10]);
}

/** Returns the arguments of a pass's `backward` in the addon's order. No other code of the package knows this order. */
export function backwardArguments(values: BackwardValues): NativeBackwardArguments {
  return BACKWARD.map((name) => values[name]) as NativeBackwardArguments;
}

/**
 * Returns the arguments of a stack's call in the addon's order. Those of its GRUs have to be set (`setStackHalf`). No
 * other code of the package knows this order.
 */
export function stackCallArguments(call: StackCallValues, grus: number): NativeStackArguments {
  // A list that grows takes much more memory.
  const list = new Array<unknown>(STACK_CALL.length + grus * STACK_HALF.length);
  list[0] = call.inputs;
  list[1] = call.output;
  list[2] = call.secondOutput;
  list[3] = call.mask;
  list[4] = call.lengths;
  list[5] = call.batch;
  list[6] = call.timesteps;
  list[7] = call.flags;
  return list as unknown as NativeStackArguments;
}

/**
 * Sets the arguments of one GRU of a stack's call. `gru` counts in the order of the layers, the forward half of a
 * Bidirectional first.
 */
export function setStackHalf(list: NativeStackArguments, gru: number, half: StackHalfValues): void {
  const at = STACK_CALL.length + gru * STACK_HALF.length;
  list[at] = half.state;
  list[at + 1] = half.initialState;
  list[at + 2] = half.inputDropout;
  list[at + 3] = half.recurrentDropout;
  list[at + 4] = half.halfFlags;
}

/**
 * Returns the arguments of the `backward` of a stack's pass in the addon's order. `halves` has the order of
 * `setStackHalf`. No other code of the package knows this order.
 */
export function stackBackwardArguments(
  values: StackBackwardValues,
  halves: readonly StackHalfGradients[],
): NativeStackBackwardArguments {
  return [
    values.dOutput,
    values.dSecondOutput,
    values.dInputs,
    ...halves.flatMap((half) => STACK_HALF_GRADIENTS.map((name) => half[name])),
  ];
}

/** The names of the arguments, in order, of every function of the addon that takes several arguments of one kind. */
export const ARGUMENTS = {
  setWeights: ["kernel", "recurrentKernel", "bias"],
  call: [...CALL, "custom"],
  callAsync: ["token", ...CALL],
  forward: [...CALL, "custom"],
  forwardAsync: ["token", ...CALL],
  bindStep: ["inputs", "output", "state", "batch"],
  backward: [...BACKWARD, "custom"],
  backwardAsync: ["token", ...BACKWARD],
  stackCall: STACK_CALL,
  stackCallAsync: ["token", ...STACK_CALL],
  stackForward: STACK_CALL,
  stackForwardAsync: ["token", ...STACK_CALL],
  stackHalf: STACK_HALF,
  stackBackward: STACK_BACKWARD,
  stackBackwardAsync: ["token", ...STACK_BACKWARD],
  stackHalfGradients: STACK_HALF_GRADIENTS,
  programRun: PROGRAM_RUN,
  programRunAsync: ["token", ...PROGRAM_RUN],
  squareSum: ["values"],
  firstNonFinite: ["values", "infinities"],
  rescale: ["out", "values", "factor", "divisor"],
  clipValues: ["out", "values", "limit"],
  addAndDivide: ["out", "a", "b", "divisor"],
  decayWeights: ["weights", "decay", "learningRate"],
  updateAverage: ["average", "weights", "momentum"],
  updateSgd: ["weights", "momentums", "gradient", "learningRate", "momentum", "nesterov"],
  updateRmsprop: [
    "weights",
    "velocities",
    "momentums",
    "averageGradients",
    "gradient",
    "learningRate",
    "rho",
    "oneMinusRho",
    "momentum",
    "epsilon",
  ],
  updateAdam: [
    "weights",
    "momentums",
    "velocities",
    "velocityHats",
    "gradient",
    "alpha",
    "oneMinusBeta1",
    "oneMinusBeta2",
    "epsilon",
  ],
  randomUniform: ["out", "seed", "low", "high"],
  randomNormal: ["out", "seed", "mean", "stddev"],
  truncatedNormal: ["out", "seed", "mean", "stddev"],
  orthogonal: ["out", "rows", "columns", "seed", "gain"],
  dropoutMask: ["out", "seed", "stream", "rate"],
  widen: ["out", "bits", "dtype"],
  narrow: ["out", "values", "dtype"],
} as const satisfies Record<string, readonly string[]>;
