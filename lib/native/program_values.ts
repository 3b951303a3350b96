import type { NativeArray } from "./arrays.js";
import type { NativeDtype, NativeHalf } from "./native_layers.js";

/* The values that the instructions of a native program work on. */

/** The types of the elements of a tensor. A bool is a byte that holds 0 or 1. */
export type NativeElementType = "float32" | "float64" | "int32" | "bool";

/** The types of the arrays that a program reads and writes: `Uint16Array` for the 16-bit types, `Uint8Array` for bool. */
export type NativePortType = NativeElementType | NativeHalf;

/** An array that a program reads or writes. */
export type NativePortArray = Float32Array | Float64Array | Int32Array | Uint8Array | Uint16Array;

/** The number of a tensor: its position in `NativeProgramDescription.tensors`. */
export type TensorId = number;

/** A matrix with a bias, packed for the kernels. Programs share it. */
export interface NativeMatrix {
  /** Returns the bytes of native memory that it holds. */
  memoryUsage(): number;
  /** Lets go of the values. Programs that were made with them keep them. Idempotent. */
  dispose(): void;
}

/** The values of a `NativeMatrix`. */
export interface NativeMatrixDescription {
  dtype: NativeDtype;
  depth: number;
  columns: number;
  /** (depth, columns), which is copied. */
  kernel: NativeArray;
  /** (columns), or `null` for zeros. */
  bias: NativeArray | null;
}

/** Values that programs share, such as the table of an embedding. */
export interface NativeConstant {
  /** Returns the bytes of native memory that it holds. */
  memoryUsage(): number;
  /** Lets go of the values. Programs that were made with them keep them. Idempotent. */
  dispose(): void;
}
