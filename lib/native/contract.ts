import { expectedText } from "../errors/messages.js";
import type { NativeArray } from "./arrays.js";

/*
 * The order of the addon's positional arguments and the bits of its flags. This is their only statement in TypeScript; the
 * addon states its own in native/addon/contract.h, and `requireContract` compares the two when the addon is loaded.
 */

/** Bits of the argument `flags`. */
export const CALL_FLAGS = {
  returnSequences: 1,
  goBackwards: 2,
  zeroOutputForMask: 4,
  /** The call runs on the CUDA device, by cuDNN. It meets every requirement, and `cudnnRuntime` has said that it can run. */
  cudnn: 8,
  /** With `cudnn`: float32 products may round their factors to TF32. */
  allowTf32: 16,
} as const;

/**
 * The values of one call, by name. B, T, F and U are batch, timesteps, features and units. Every typed array is of the
 * layer's dtype unless another type is named here. The addon checks kinds and lengths of arrays only as far as memory
 * safety needs; their meaning is checked in TypeScript.
 *
 * Hazard: an asynchronous call reads and writes these arrays on other threads until its promise settles, so the caller must
 * own them alone: copies, never a user's array, and never over a SharedArrayBuffer.
 */
interface CallValues {
  /** (B, T, F). Where the layer has a `stateRounding`, a `Uint16Array` of that type's bits is taken too. */
  inputs: NativeArray | Uint16Array;
  /** (B, T, U) with `returnSequences`, else (B, U); written. As for `inputs`, it may hold bits, except in `forward`. */
  output: NativeArray | Uint16Array;
  /** (B, U), the state after the last step; written. */
  state: NativeArray;
  /** (B, U), the state before the first step; `null` is zeros. */
  initialState: NativeArray | null;
  /** (B, T), non-zero is true. The addon computes with a copy. */
  mask: Uint8Array | null;
  /** (B,), each in 0..T; not together with `mask`. The addon copies them and checks the copy, since they become indices. */
  lengths: Int32Array | null;
  /** (1 or 3, B, F): multipliers, in the gate order z, r, h. */
  inputDropout: NativeArray | null;
  /** (3, B, U): multipliers, in the gate order z, r, h. */
  recurrentDropout: NativeArray | null;
  batch: number;
  timesteps: number;
  /** `CALL_FLAGS`, added up. */
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

/** The gradients that come from above, and the arrays that a pass writes its own gradients to, by name. */
interface BackwardValues {
  /** Of the shape of the call's output; `null` is zeros. */
  dOutput: NativeArray | null;
  /** (B, U); `null` is zeros. */
  dState: NativeArray | null;
  /** (B, T, F); written, as are the following. */
  dInputs: NativeArray;
  /** (B, U). */
  dInitialState: NativeArray;
  /** (F, 3U), in Keras's layout, as are the other weights. */
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

/** The values of these names, in their order. */
type InOrder<Values, Names extends readonly (keyof Values)[]> = { -readonly [I in keyof Names]: Values[Names[I]] };

/** Positional arguments of one call. */
export type NativeCallArguments = InOrder<CallValues, typeof CALL>;

/** Positional arguments of one pass's `backward`. */
export type NativeBackwardArguments = InOrder<BackwardValues, typeof BACKWARD>;

/** What a call computes with, whichever arrays its results go to. */
export type NativeCall = Pick<CallValues, "inputs" | "mask" | "lengths" | "batch" | "timesteps" | "flags"> & {
  readonly dropout: { readonly input: NativeArray | null; readonly recurrent: NativeArray | null } | null;
};

/** The arrays that a call writes, and the state that it starts from. */
export type NativeCallArrays = Pick<CallValues, "output" | "state" | "initialState">;

/** The one place that puts the arguments of a call in the addon's order. */
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

/** `gru.call(...args)`. Passing the elements one by one takes 50 ns less than V8's spread, which a tiny call would notice. */
export function callSpread(gru: { call(...args: NativeCallArguments): void }, args: NativeCallArguments): void {
  gru.call(args[0], args[1], args[2], args[3], args[4], args[5], args[6], args[7], args[8], args[9], args[10]);
}

const POSITION = Object.fromEntries(CALL.map((name, position) => [name, position])) as {
  readonly [Name in (typeof CALL)[number]]: number;
};

/** The arguments of a call that is made again and again with other arrays. Each new call reuses the list, and nothing is allocated. */
export class RepeatedCall {
  readonly #list: NativeCallArguments;

  constructor(call: NativeCall, arrays: NativeCallArrays) {
    this.#list = callArguments(call, arrays);
  }

  /** The arguments with these arrays in the place of the last ones; valid until the next call of this method. */
  with(
    inputs: NativeCall["inputs"],
    output: NativeCallArrays["output"],
    state: NativeArray,
    initialState: NativeArray,
    flags: number,
  ): NativeCallArguments {
    const list = this.#list as unknown[];
    list[POSITION.inputs] = inputs;
    list[POSITION.output] = output;
    list[POSITION.state] = state;
    list[POSITION.initialState] = initialState;
    list[POSITION.flags] = flags;
    return this.#list;
  }
}

/** The one place that puts the arguments of a pass's `backward` in the addon's order. */
export function backwardArguments(values: BackwardValues): NativeBackwardArguments {
  return BACKWARD.map((name) => values[name]) as NativeBackwardArguments;
}

/** The arguments of every function of the addon that takes several of a kind, in order. */
const ARGUMENTS = {
  setWeights: ["kernel", "recurrentKernel", "bias"],
  call: [...CALL, "custom"],
  callAsync: ["token", ...CALL],
  forward: [...CALL, "custom"],
  forwardAsync: ["token", ...CALL],
  backward: [...BACKWARD, "custom"],
  backwardAsync: ["token", ...BACKWARD],
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

/** The contract as the addon states it. */
export interface NativeContract {
  readonly flags: Readonly<Record<string, number>>;
  readonly arguments: Readonly<Record<string, readonly string[]>>;
}

/**
 * Throws `ERR_NATIVE_LOAD` for an addon whose contract is not this one: a binary of another version would take its
 * arguments for others. `path` is the binary's.
 */
export function requireContract(contract: NativeContract | undefined, path: string): void {
  const own = linesOf({ flags: CALL_FLAGS, arguments: ARGUMENTS });
  const given = contract === undefined ? [] : linesOf(contract);
  const differing = own.find((line) => !given.includes(line)) ?? given.find((line) => !own.includes(line));
  if (differing === undefined) return;
  throw expectedText(
    "ERR_NATIVE_LOAD",
    path,
    "a binary of this version of the package",
    `one that disagrees with it about ${differing}`,
    { remedy: "Build or install the binary of this version." },
  );
}

function linesOf({ flags, arguments: functions }: NativeContract): string[] {
  return [
    ...Object.entries(flags).map(([name, bit]) => `the flag ${name} = ${bit}`),
    ...Object.entries(functions).map(([name, names]) => `${name}(${names.join(", ")})`),
  ];
}
