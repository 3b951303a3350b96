import type { GRUError, GRUErrorCode } from "../errors/gru_error.js";
import type {
  NativeBackwardArguments,
  NativeCallArguments,
  NativeContract,
  NativeStackArguments,
  NativeStackBackwardArguments,
} from "./contract.js";

export type { NativeArray };

import type { FloatArray, NativeArray } from "./arrays.js";

/** The element types that the native kernels compute in. */
export type NativeDtype = "float32" | "float64";

/** The 16-bit types. Their elements travel as bits in a `Uint16Array`. */
export type NativeHalf = "float16" | "bfloat16";

/**
 * An activation in the form that the kernels take: Keras's function name and its parameters, in the order of the Keras
 * function's keyword arguments (`leaky_relu`: `[negative_slope]`; `relu`: `[negative_slope, max_value, threshold]` with
 * Infinity for no maximum). Parameters that are left out have Keras's defaults. Two more names exist beside Keras's:
 * `keras2_hard_sigmoid` (0.2 x + 0.5, held to [0, 1]) and `custom`, which `NativeCustomActivation` computes.
 */
export interface NativeActivation {
  /** Keras's name of the function, or one of the two further names. */
  name: string;
  /** The function's parameters. */
  parameters: readonly number[];
}

/** The properties of a native layer that never change. */
export interface NativeGruDescription {
  dtype: NativeDtype;
  features: number;
  units: number;
  resetAfter: boolean;
  activation: NativeActivation;
  recurrentActivation: NativeActivation;
  /** The type that a float32 state is rounded to after every step; `null` for no rounding. */
  stateRounding: NativeHalf | null;
  /** The index of the CUDA device on which calls with the `cudnn` flag run. */
  cudaDevice: number;
}

/**
 * The user's activation functions for one synchronous call. The addon handles one row and gate at a time. It writes the
 * `units` pre-activations to `input`, calls `apply` and reads `output`. For gradients it writes `input`, `output` and
 * `outputGradient`, calls `differentiate` and reads `inputGradient`.
 */
export interface NativeCustomActivation {
  input: NativeArray;
  output: NativeArray;
  outputGradient: NativeArray;
  inputGradient: NativeArray;
  /**
   * `recurrent` is true for a gate (z, r) and false for the candidate. When this returns false or throws, the call
   * fails with `ERR_CALLBACK`.
   */
  apply(recurrent: boolean): boolean;
  differentiate(recurrent: boolean): boolean;
}

/** The native object of a layer: its description and a snapshot of packed weights. */
export interface NativeGru {
  /** Copies and packs kernel (F, 3U), recurrent kernel (U, 3U) and bias ((2, 3U), or (3U,) when `resetAfter` is false). */
  setWeights(kernel: NativeArray, recurrentKernel: NativeArray, bias: NativeArray | null): void;
  /** Computes on the calling thread and the pool's threads, and returns when the results are written. */
  call(...args: [...call: NativeCallArguments, custom?: NativeCustomActivation | null]): void;
  /**
   * Computes on the executor's threads with the current weights. `token` is a number that the caller does not use for
   * another running call. `NativeBinding.cancel(token)` makes the promise reject with `ERR_ABORTED`: at once if the
   * call has not begun, otherwise at the next time step. Resolves with the milliseconds for which the call waited and
   * computed. Fails with `ERR_UNSUPPORTED` for a layer with a custom activation.
   */
  callAsync(token: number, ...args: NativeCallArguments): Promise<[queuedMs: number, computedMs: number]>;
  /**
   * Computes as `call` does, and keeps everything that `backward` needs. These are copies, so neither later calls nor
   * `setWeights` change them.
   */
  forward(...args: [...call: NativeCallArguments, custom?: NativeCustomActivation | null]): NativePass;
  /**
   * Computes as `forward` does, on the executor's threads. `token` and errors are those of `callAsync`. Resolves with
   * the pass and the times of `callAsync`.
   */
  forwardAsync(
    token: number,
    ...args: NativeCallArguments
  ): Promise<[pass: NativePass, queuedMs: number, computedMs: number]>;
  /**
   * Returns a function that takes nothing and computes one timestep on the CPU, with the weights of that moment: it
   * reads `inputs` (B, F) and `state` (B, U), and writes `output` (B, U) and `state`. Such a call costs far less than
   * `call`, because Node hands the addon a pointer to everything, and no argument is read.
   *
   * All three arrays must lie over a `SharedArrayBuffer`, because the function keeps their addresses. It keeps them
   * and this object alive. `inputs` and `output` may hold bits, as in `call`. The function throws `ERR_DISPOSED` after
   * `dispose`. This method fails with `ERR_UNSUPPORTED` for a layer with a custom activation.
   */
  bindStep(inputs: FloatArray, output: FloatArray, state: NativeArray, batch: number): () => void;
  /** Returns the bytes of native memory that this object holds for packed weights. */
  memoryUsage(): number;
  /** Refuses new calls. The memory is freed when the last running call has ended. Idempotent. */
  dispose(): void;
}

/** The values that one forward call kept. They serve one backward call. A second one throws `ERR_STATE`. */
export interface NativePass {
  backward(...args: [...call: NativeBackwardArguments, custom?: NativeCustomActivation | null]): void;
  /**
   * Computes as `backward` does, on the executor's threads. `token`, errors and results are those of
   * `NativeGru.callAsync`.
   */
  backwardAsync(token: number, ...args: NativeBackwardArguments): Promise<[queuedMs: number, computedMs: number]>;
  /** Frees the memory, after a running backward call has ended. Idempotent. `backward` then throws `ERR_DISPOSED`. */
  dispose(): void;
  /** Returns the bytes that it holds on the host and on the device. */
  memoryUsage(): number;
}

/**
 * How the outputs of a Bidirectional's two halves become its output: Keras's merge modes, and "separate" for Keras's
 * `None`, which leaves two outputs. `null` is a layer of a single GRU.
 */
export type NativeMerge = "concat" | "sum" | "mul" | "ave" | "separate" | null;

/**
 * The native object of several layers that are computed in one call. It keeps the `NativeGru` of each GRU, and every call
 * computes with the weights that these have at that moment. All of them have one dtype and one `stateRounding`. On the CPU path the results and gradients are bit for bit those of calling them one by
 * one. One cuDNN call for all of them may differ in the last bits, as cuDNN does for any other shape of call.
 *
 * The backward half's sequence is reversed in time before the halves are merged, as in Keras. The mask goes to every
 * layer as it is. Every layer but the last returns sequences, and merges its halves to one output. Layers that do not
 * fit each other throw `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`, and a layer with a custom activation
 * `ERR_UNSUPPORTED`.
 */
export interface NativeStack {
  /** Computes on the calling thread and the pool's threads, and returns when the results are written. */
  call(...args: NativeStackArguments): void;
  /** Computes on the executor's threads. `token`, errors and results are those of `NativeGru.callAsync`. */
  callAsync(token: number, ...args: NativeStackArguments): Promise<[queuedMs: number, computedMs: number]>;
  /** Computes as `call` does, and keeps everything that `backward` needs. The output cannot be bits. */
  forward(...args: NativeStackArguments): NativeStackPass;
  /** Computes as `forward` does, on the executor's threads. Resolves as `NativeGru.forwardAsync` does. */
  forwardAsync(
    token: number,
    ...args: NativeStackArguments
  ): Promise<[pass: NativeStackPass, queuedMs: number, computedMs: number]>;
  /** Returns the bytes of native memory that this object holds beside the weights of its layers. */
  memoryUsage(): number;
  /** Refuses new calls. The memory is freed when the last running call has ended. Idempotent. */
  dispose(): void;
}

/** The values that one forward call of a stack kept. Its methods are those of `NativePass`. */
export interface NativeStackPass {
  backward(...args: NativeStackBackwardArguments): void;
  backwardAsync(token: number, ...args: NativeStackBackwardArguments): Promise<[queuedMs: number, computedMs: number]>;
  dispose(): void;
  memoryUsage(): number;
}

export interface NativeCpuInfo {
  /** The kernels in use: "reference", "baseline", "avx2", "avx512" or "neon". */
  isa: string;
  /** The kernels that this CPU can run, slowest first, including the scalar reference. */
  available: string[];
  /** The number of threads that a call may use. */
  threads: number;
  /** The number of CPUs that this process may use, by its affinity mask and cgroup quota. */
  usableCpus: number;
}

/** A CUDA device as the driver reports it. */
export interface NativeCudaDevice {
  index: number;
  name: string;
  /** The compute capability, such as "9.0". */
  computeCapability: string;
  /** The size of the device's memory in bytes. */
  totalMemory: number;
}

/** The CUDA driver and cuDNN on this machine. `reason` is `null` when `available` is true. */
export interface NativeCudnnInfo {
  cuda: {
    available: boolean;
    reason: string | null;
    /** The newest CUDA version that the driver serves, such as "13.0". */
    driver: string | null;
    devices: NativeCudaDevice[];
  };
  cudnn: {
    available: boolean;
    reason: string | null;
    /** The version of cuDNN, such as "9.24.0". */
    version: string | null;
    /** The file that cuDNN was loaded from, with links resolved. */
    path: string | null;
    /**
     * The paths that were tried, in order. Each entry says what was found and, in parentheses, why the path was tried.
     */
    tried: string[];
  };
}

/**
 * The time that calls on the CUDA device have spent in each phase, in milliseconds summed over `calls`. A forward call
 * and its backward call count as two.
 */
export interface NativeCudnnTimings {
  calls: number;
  /**
   * The time of the calling thread. `copyIn` packs into pinned memory and queues copies. `compute` queues cuDNN's work.
   */
  host: { place: number; copyIn: number; compute: number; copyOut: number; wait: number; unpack: number };
  /** The time of the device, measured with CUDA events. */
  device: { copyIn: number; compute: number; copyOut: number };
}

/** The element types of the cuDNN path. */
export type NativeCudnnDtype = NativeDtype | NativeHalf;

/**
 * Keras's optimizer updates, one variable at a time. All arrays of one call have the same dtype and length, and no two
 * of them overlap unless they are the same array. Every number and the result of every operation is rounded to that
 * dtype.
 */
export interface NativeUpdates {
  /** Returns the sum of squares, in float64. The order of the additions depends only on the length. */
  squareSum(values: NativeArray): number;
  /**
   * Returns the index of the first NaN (with `infinities: 1`, of the first NaN or infinity), or the length when there
   * is none.
   */
  firstNonFinite(values: NativeArray, infinities: 0 | 1): number;
  /** out = values * factor / divisor; `out` may be `values`. */
  rescale(out: NativeArray, values: NativeArray, factor: number, divisor: number): void;
  /** out = values held to ±limit; `out` may be `values`. */
  clipValues(out: NativeArray, values: NativeArray, limit: number): void;
  /** out = (a + b) / divisor; `out` may be `a` or `b`. */
  addAndDivide(out: NativeArray, a: NativeArray, b: NativeArray, divisor: number): void;
  /** weights -= weights * decay * learningRate. */
  decayWeights(weights: NativeArray, decay: number, learningRate: number): void;
  /** average = momentum * average + (1 - momentum) * weights. */
  updateAverage(average: NativeArray, weights: NativeArray, momentum: number): void;
  /** Makes one update of `SGD`. `momentums` is `null` without momentum. */
  updateSgd(
    weights: NativeArray,
    momentums: NativeArray | null,
    gradient: NativeArray,
    learningRate: number,
    momentum: number,
    nesterov: 0 | 1,
  ): void;
  /**
   * Makes one update of `RMSprop`. `momentums` is `null` without momentum, and `averageGradients` is `null` unless
   * centered.
   */
  updateRmsprop(
    weights: NativeArray,
    velocities: NativeArray,
    momentums: NativeArray | null,
    averageGradients: NativeArray | null,
    gradient: NativeArray,
    learningRate: number,
    rho: number,
    oneMinusRho: number,
    momentum: number,
    epsilon: number,
  ): void;
  /**
   * Makes one update of `Adam`. `alpha` is the learning rate with both bias corrections. `velocityHats` is `null`
   * without amsgrad.
   */
  updateAdam(
    weights: NativeArray,
    momentums: NativeArray,
    velocities: NativeArray,
    velocityHats: NativeArray | null,
    gradient: NativeArray,
    alpha: number,
    oneMinusBeta1: number,
    oneMinusBeta2: number,
    epsilon: number,
  ): void;
}

/** All exports of the addon. `seed` is an integer in 0..2^53-1. Arrays called `out` are filled in place. */
export interface NativeBinding extends NativeUpdates {
  /** The addon's own statement of flag bits and argument orders; `requireContract` compares it with TypeScript's. */
  readonly contract: NativeContract;
  /** Passes the error class to the addon. Called once per environment, when the addon is loaded. */
  initialize(errorClass: new (code: GRUErrorCode, message: string) => GRUError): void;
  NativeGru: new (description: NativeGruDescription) => NativeGru;
  /**
   * `merges` has one entry for each layer, and `grus` one for each GRU, in the order of the layers, the forward half of a
   * Bidirectional first.
   */
  NativeStack: new (
    merges: readonly NativeMerge[],
    grus: readonly NativeGru[],
  ) => NativeStack;
  cancel(token: number): void;
  cpuInfo(): NativeCpuInfo;
  /** Throws `ERR_ARGUMENT` unless 1 <= threads <= 1024. */
  setThreads(threads: number): void;
  /**
   * Returns how many further asynchronous calls could start at this moment without waiting for others of the process.
   * It knows of calls that have ended but whose promises have not settled yet.
   */
  freeThreads(): number;
  /** Looks once for the driver and cuDNN. Creates no CUDA context, never throws and prints nothing. */
  cudnnInfo(): NativeCudnnInfo;
  /**
   * Checks whether the cuDNN path works on this device in this dtype. Tiny computations are made once and compared with
   * the scalar reference. `final` is false when the device was full or busy because of others. A later call then checks
   * again, at most once a second. A positive result stays. Never throws.
   */
  cudnnRuntime(device: number, dtype: NativeCudnnDtype): { met: boolean; detail: string; final: boolean };
  /**
   * For tests: sets the clock by which `cudnnRuntime` decides to check again, in milliseconds. The clock stands still
   * from then on.
   */
  cudnnRuntimeClock(milliseconds: number): void;
  /**
   * Returns the time that calls in this process have spent since timing was turned on. Then turns timing on, from zero,
   * or off. It is off at first. While it is on, each call records a few events, and fails with `ERR_CUDA` when the
   * driver has none.
   */
  cudnnTimings(enable: boolean): NativeCudnnTimings;
  /**
   * Returns the native memory of the whole process in bytes: packed weights, scratch memory and passes on the host,
   * memory on CUDA devices, and pinned memory.
   */
  memoryUsage(): { weights: number; scratch: number; passes: number; device: number; pinned: number };
  /** Fills `out` with uniform numbers in [low, high). */
  randomUniform(out: NativeArray, seed: number, low: number, high: number): void;
  randomNormal(out: NativeArray, seed: number, mean: number, stddev: number): void;
  /** Fills `out` with normal numbers. Numbers more than two standard deviations away from the mean are drawn again. */
  truncatedNormal(out: NativeArray, seed: number, mean: number, stddev: number): void;
  /** Fills `out`, (rows, columns), with orthonormal rows or columns, whichever are fewer, times `gain`. */
  orthogonal(out: NativeArray, rows: number, columns: number, seed: number, gain: number): void;
  /** Fills `out` with 0 (with probability `rate`) or 1 / (1 - rate). `stream` separates draws under one seed. */
  dropoutMask(out: NativeArray, seed: number, stream: number, rate: number): void;
  /** Converts `bits` to float32 exactly. `bits` has at least as many elements as `out`. */
  widen(out: Float32Array, bits: Uint16Array, dtype: NativeHalf): void;
  /**
   * Rounds `values` to the nearest numbers of `dtype`, ties to even. Overflow becomes infinity and NaN stays NaN. `out`
   * has at least as many elements as `values`.
   */
  narrow(out: Uint16Array, values: Float32Array, dtype: NativeHalf): void;
}
