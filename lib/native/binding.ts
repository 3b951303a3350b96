import type { GRUError, GRUErrorCode } from "../errors/gru_error.js";
import type { NativeArray } from "./arrays.js";
import type { NativeContract } from "./contract_check.js";
import type {
  NativeDtype,
  NativeGru,
  NativeGruDescription,
  NativeHalf,
  NativeMerge,
  NativeStack,
} from "./native_layers.js";
import type { NativeProgram, NativeProgramDescription } from "./native_program.js";
import type { NativeConstant, NativeMatrix, NativeMatrixDescription, NativePortArray } from "./program_values.js";

export type {
  NativeActivation,
  NativeCustomActivation,
  NativeDtype,
  NativeGru,
  NativeGruDescription,
  NativeHalf,
  NativeMerge,
  NativePass,
  NativeStack,
  NativeStackPass,
} from "./native_layers.js";
export type { NativeArray };

export interface NativeCpuInfo {
  /** The kernels in use: "reference", "baseline", "avx2", "avx512", "avx512_bf16" or "neon". */
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
   * How often cuDNN's work was replayed as a CUDA graph: at most once for a forward call, and once for a backward call.
   */
  replays: number;
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
  NativeMatrix: new (description: NativeMatrixDescription) => NativeMatrix;
  NativeConstant: new (values: NativePortArray) => NativeConstant;
  NativeProgram: new (description: NativeProgramDescription) => NativeProgram;
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
