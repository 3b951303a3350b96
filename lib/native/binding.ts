import type { GRUError, GRUErrorCode } from "../errors/gru_error.js";
import type { NativeBackwardArguments, NativeCallArguments, NativeContract } from "./contract.js";

export type { NativeArray };

import type { NativeArray } from "./arrays.js";

/** Element types the native kernels compute in. */
export type NativeDtype = "float32" | "float64";

/** 16-bit types, which travel as bits in a `Uint16Array`. */
export type NativeHalf = "float16" | "bfloat16";

/**
 * An activation as the kernels know it: Keras's function name and its parameters, in the order of the Keras function's
 * keyword arguments (`leaky_relu`: `[negative_slope]`; `relu`: `[negative_slope, max_value, threshold]` with Infinity for
 * no maximum); those left out have Keras's defaults. Beside Keras's names: `keras2_hard_sigmoid` (0.2 x + 0.5 held to
 * [0, 1]) and `custom`, which `NativeCustomActivation` computes.
 */
export interface NativeActivation {
  /** Keras's name of the function, or one of the two others. */
  name: string;
  /** The function's parameters. */
  parameters: readonly number[];
}

/** What fixes the native layer for life. */
export interface NativeGruDescription {
  dtype: NativeDtype;
  features: number;
  units: number;
  resetAfter: boolean;
  activation: NativeActivation;
  recurrentActivation: NativeActivation;
  /** The type whose values a float32 state is rounded to after every step; `null`: none. */
  stateRounding: NativeHalf | null;
  /** Index of the CUDA device on which calls with the `cudnn` flag run. */
  cudaDevice: number;
}

/**
 * A user's activation for one synchronous call. For one row and gate at a time the addon writes the `units`
 * pre-activations to `input`, calls `apply` and reads `output`; for gradients it writes these two and `outputGradient`,
 * calls `differentiate` and reads `inputGradient`.
 */
export interface NativeCustomActivation {
  input: NativeArray;
  output: NativeArray;
  outputGradient: NativeArray;
  inputGradient: NativeArray;
  /** `recurrent`: whether it is a gate (z, r) or the candidate. False, or an exception, makes the call `ERR_CALLBACK`. */
  apply(recurrent: boolean): boolean;
  differentiate(recurrent: boolean): boolean;
}

/** A layer's compute object: a description and a snapshot of packed weights. */
export interface NativeGru {
  /** Copies and packs kernel (F, 3U), recurrent kernel (U, 3U) and bias ((2, 3U), or (3U,) when `resetAfter` is false). */
  setWeights(kernel: NativeArray, recurrentKernel: NativeArray, bias: NativeArray | null): void;
  /** Computes on the calling thread (and the pool's) until done. */
  call(...args: [...call: NativeCallArguments, custom?: NativeCustomActivation | null]): void;
  /**
   * Computes on the executor's threads with the weights as they are now. `token` is a number the caller has not in
   * use; `NativeBinding.cancel(token)` makes the promise reject with `ERR_ABORTED`, at once if the call has not begun, else
   * at the next time step. Resolves with the milliseconds the call waited and computed. `ERR_UNSUPPORTED` for a layer with a
   * custom activation.
   */
  callAsync(token: number, ...args: NativeCallArguments): Promise<[queuedMs: number, computedMs: number]>;
  /**
   * As `call`, and keeps what `backward` needs: copies of its own, so that neither later calls nor `setWeights` change
   * them.
   */
  forward(...args: [...call: NativeCallArguments, custom?: NativeCustomActivation | null]): NativeTape;
  /** As `forward`, on the executor's threads; `token` and errors as in `callAsync`. */
  forwardAsync(token: number, ...args: NativeCallArguments): Promise<NativeTape>;
  /** Bytes of native memory this object holds (packed weights). */
  memoryUsage(): number;
  /** Refuses new calls; memory is freed when the last running one has ended. Idempotent. */
  dispose(): void;
}

/** What one forward call kept. Good for one backward call: a second one is `ERR_STATE`. */
export interface NativeTape {
  backward(...args: [...call: NativeBackwardArguments, custom?: NativeCustomActivation | null]): void;
  /** On the executor's threads; `token`, errors and what it resolves with as in `NativeGru.callAsync`. */
  backwardAsync(token: number, ...args: NativeBackwardArguments): Promise<[queuedMs: number, computedMs: number]>;
  /** Frees what it holds, when a running backward call has ended. Idempotent; afterwards `backward` is `ERR_DISPOSED`. */
  dispose(): void;
  /** Bytes it holds, on the host and on the device. */
  memoryUsage(): number;
}

export interface NativeCpuInfo {
  /** The kernels in use: "reference", "baseline", "avx2", "avx512" or "neon". */
  isa: string;
  /** Kernels this CPU could run, slowest first, the scalar reference included. */
  available: string[];
  /** Threads a call may use. */
  threads: number;
  /** CPUs this process may use: affinity mask and cgroup quota. */
  usableCpus: number;
}

/** What the CUDA driver says of one device. */
export interface NativeCudaDevice {
  index: number;
  name: string;
  /** Such as "9.0". */
  computeCapability: string;
  /** Bytes. */
  totalMemory: number;
}

/** Driver and cuDNN as they are found here; `reason` is `null` where `available`. */
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
    /** Such as "9.24.0". */
    version: string | null;
    /** The real path it was loaded from. */
    path: string | null;
    /** Every path tried, in order, each with what became of it and, in parentheses, what led there. */
    tried: string[];
  };
}

/** What calls on the CUDA device have spent where, in milliseconds summed over `calls` (a forward and its backward are two). */
export interface NativeCudnnTimings {
  calls: number;
  /** The calling thread's time: `copyIn` packs into pinned memory and queues copies, `compute` queues cuDNN's work. */
  host: { place: number; copyIn: number; compute: number; copyOut: number; wait: number; unpack: number };
  /** The device's, by CUDA events. */
  device: { copyIn: number; compute: number; copyOut: number };
}

/** Element types of the cuDNN path. */
export type NativeCudnnDtype = NativeDtype | NativeHalf;

/**
 * Keras's optimizer updates, one variable at a time. All arrays of one call are of one dtype and as long as the first, and
 * none overlaps another unless it is the same; every operation is rounded to that dtype, as are the numbers.
 */
export interface NativeUpdates {
  /** In float64, in an order that depends on the length alone. */
  squareSum(values: NativeArray): number;
  /** Index of the first NaN (with `infinities: 1`, NaN or infinity); the length when there is none. */
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
  /** `momentums` is `null` without momentum. */
  updateSgd(
    weights: NativeArray,
    momentums: NativeArray | null,
    gradient: NativeArray,
    learningRate: number,
    momentum: number,
    nesterov: 0 | 1,
  ): void;
  /** `momentums` is `null` without momentum, `averageGradients` unless centered. */
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
  /** `alpha` is the learning rate with both bias corrections; `velocityHats` is `null` without amsgrad. */
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

/** Everything the addon exports. `seed` is an integer in 0..2^53-1; `out` arrays are filled in place. */
export interface NativeBinding extends NativeUpdates {
  /** The addon's own statement of flag bits and argument orders; `requireContract` compares it with TypeScript's. */
  readonly contract: NativeContract;
  /** Hands the error class to the addon; called once per environment, at load. */
  initialize(errorClass: new (code: GRUErrorCode, message: string) => GRUError): void;
  NativeGru: new (description: NativeGruDescription) => NativeGru;
  cancel(token: number): void;
  cpuInfo(): NativeCpuInfo;
  /** Throws `ERR_ARGUMENT` unless 1 <= threads <= 1024. */
  setThreads(threads: number): void;
  /** Looks for driver and cuDNN, once. Makes no CUDA context, never throws, prints nothing. */
  cudnnInfo(): NativeCudnnInfo;
  /**
   * Whether the cuDNN path works on this device in this dtype, by tiny computations that are made once and compared with
   * the scalar reference. `final` is false where others' use of the device decided (it is full, or busy): then it is asked
   * again, at most once a second; what is met stays so. Never throws.
   */
  cudnnRuntime(device: number, dtype: NativeCudnnDtype): { met: boolean; detail: string; final: boolean };
  /** For tests: the time by which `cudnnRuntime` asks again, in milliseconds; it stands still from then on. */
  cudnnRuntimeClock(milliseconds: number): void;
  /**
   * What calls in this process have spent since timing was turned on; then turns it on (from zero) or off, as it is at first.
   * While it is on, a call records a few events; `ERR_CUDA` where the driver has none.
   */
  cudnnTimings(enable: boolean): NativeCudnnTimings;
  /** Native bytes held by packed weights, scratch memory and tapes, on CUDA devices, and pinned, in the whole process. */
  memoryUsage(): { weights: number; scratch: number; passes: number; device: number; pinned: number };
  /** Uniform in [low, high). */
  randomUniform(out: NativeArray, seed: number, low: number, high: number): void;
  randomNormal(out: NativeArray, seed: number, mean: number, stddev: number): void;
  /** Normal, redrawn outside two standard deviations. */
  truncatedNormal(out: NativeArray, seed: number, mean: number, stddev: number): void;
  /** (rows, columns) with orthonormal rows or columns, whichever are fewer, times `gain`. */
  orthogonal(out: NativeArray, rows: number, columns: number, seed: number, gain: number): void;
  /** Fills with 0 (probability `rate`) or 1 / (1 - rate). `stream` separates draws under one seed. */
  dropoutMask(out: NativeArray, seed: number, stream: number, rate: number): void;
  /** Exact. `bits` has at least as many elements as `out`. */
  widen(out: Float32Array, bits: Uint16Array, dtype: NativeHalf): void;
  /** To nearest even; overflow gives infinity, NaN stays NaN. `out` has at least as many elements as `values`. */
  narrow(out: Uint16Array, values: Float32Array, dtype: NativeHalf): void;
}
