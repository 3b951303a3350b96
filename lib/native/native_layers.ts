import type { FloatArray, NativeArray } from "./arrays.js";
import type {
  NativeBackwardArguments,
  NativeCallArguments,
  NativeStackArguments,
  NativeStackBackwardArguments,
} from "./contract.js";

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
 * computes with the weights that these have at that moment. All of them have one dtype and one `stateRounding`. On the
 * CPU path the results and gradients are bit for bit those of calling them one by
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
