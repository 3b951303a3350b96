import type { NativeInstruction } from "./instructions.js";
import type { NativeConstant, NativeElementType, NativePortArray, NativePortType, TensorId } from "./program_values.js";

/** A tensor of a program. */
export interface NativeTensor {
  type: NativeElementType;
  /** The elements of a row; of a constant, all elements. */
  size: number;
}

/** A tensor that the caller gives to the program, or receives from it. */
export interface NativePort {
  tensor: TensorId;
  /** The type of the array. It is the tensor's, or a 16-bit type for a float32 tensor. */
  dtype: NativePortType;
}

/** The parts of a `NativeProgram`. */
export interface NativeProgramDescription {
  tensors: readonly NativeTensor[];
  /** `data` is copied unless it is a `NativeConstant`. Its element type is the tensor's. */
  constants: readonly { tensor: TensorId; data: NativePortArray | NativeConstant }[];
  inputs: readonly NativePort[];
  outputs: readonly NativePort[];
  /** They are computed in this order. A tensor must be written before it is read. Inputs and constants are not written. */
  instructions: readonly NativeInstruction[];
  /** Whether the rows may be computed apart from each other, on several threads. */
  divisible: boolean;
}

/**
 * A model that was compiled for one set of shapes. On the CPU path, the bits of a row depend neither on the other rows nor
 * on the threads. A wrong description throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`, whose message names the
 * instruction and the field.
 */
export interface NativeProgram {
  /**
   * Computes `rows` rows on the calling thread and the pool's threads. Every array has at least `rows` times the elements
   * of a row of its tensor. An output may not share memory with another array. After a failure the outputs are undefined.
   */
  run(rows: number, inputs: readonly NativePortArray[], outputs: readonly NativePortArray[]): void;
  /**
   * Does the same on the executor's threads. `token`, errors and results are those of `NativeGru.callAsync`. A call that is
   * cancelled stops at the next instruction, or at the next time step of a GRU.
   */
  runAsync(
    token: number,
    rows: number,
    inputs: readonly NativePortArray[],
    outputs: readonly NativePortArray[],
  ): Promise<[queuedMs: number, computedMs: number]>;
  /** Returns the bytes of scratch memory that a row takes while it is computed. */
  rowBytes(): number;
  /** Returns the bytes of native memory that this object holds for itself, without shared matrices and constants. */
  memoryUsage(): number;
  /** Refuses new calls. The memory is freed when the last running call has ended. Idempotent. */
  dispose(): void;
}
