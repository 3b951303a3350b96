import { totalmem } from "node:os";
import type { GRUError } from "../errors/gru_error.js";
import { expectedText, maybeCause } from "../errors/messages.js";
import type { Dtype } from "../keras/dtype_policy.js";
import type { NativeArray, NativeDtype } from "../native/binding.js";
import type { FloatArray, TensorDtype, TypedArray } from "../tensor/tensor.js";
import { checkedProduct } from "./shapes.js";
import { ARRAY_TYPES } from "./typed_array.js";

/** Allocations below this many bytes are tried without a check. */
const SMALL = 2 ** 28;

/** Returns the number of bytes of memory that this process may use in all. */
function memoryLimit(): number {
  try {
    const constrained = process.constrainedMemory?.() ?? 0;
    return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  } catch {
    // Deno throws here unless it was given a permission.
    return Number.POSITIVE_INFINITY;
  }
}

/**
 * Returns an array of zeros. Throws `ERR_OUT_OF_MEMORY` when the memory is not available. A request for more than the
 * machine has is refused up front, because an overcommitting system would grant it and kill the process at the first
 * write.
 */
export function allocate(dtype: NativeDtype, count: number, name: string): NativeArray;
export function allocate(dtype: Dtype, count: number, name: string): FloatArray;
export function allocate(dtype: TensorDtype, count: number, name: string): TypedArray;
export function allocate(dtype: TensorDtype, count: number, name: string): TypedArray {
  const Type = ARRAY_TYPES[dtype];
  const bytes = count * Type.BYTES_PER_ELEMENT;
  if (bytes > SMALL && bytes > memoryLimit()) throw outOfMemory(bytes, name);
  try {
    return new Type(count);
  } catch (cause) {
    throw outOfMemory(bytes, name, cause);
  }
}

/**
 * Returns an array of zeros that nobody can detach or resize, because it lies over a `SharedArrayBuffer`. Throws
 * `ERR_OUT_OF_MEMORY`.
 */
export function allocateShared(dtype: NativeDtype, count: number, name: string): NativeArray;
export function allocateShared(dtype: Dtype, count: number, name: string): FloatArray;
export function allocateShared(dtype: Dtype, count: number, name: string): FloatArray {
  const Type: { BYTES_PER_ELEMENT: number; new (buffer: ArrayBufferLike): FloatArray } = ARRAY_TYPES[dtype];
  const bytes = count * Type.BYTES_PER_ELEMENT;
  if (bytes > SMALL && bytes > memoryLimit()) throw outOfMemory(bytes, name);
  try {
    return new Type(new SharedArrayBuffer(bytes));
  } catch (cause) {
    throw outOfMemory(bytes, name, cause);
  }
}

/** The settings that the memory of a layer's weights depends on, beside the number of features. */
interface WeightSizes {
  readonly units: number;
  readonly variableDtype: Dtype;
  readonly kernelDtype: NativeDtype;
}

/**
 * Throws `ERR_SHAPE` or `ERR_OUT_OF_MEMORY` when there is not enough memory for a layer's weights for so many features.
 */
export function requireWeightMemory({ units, variableDtype, kernelDtype }: WeightSizes, features: number): void {
  const count =
    checkedProduct([features, 3 * units], "kernel") + checkedProduct([units + 2, 3 * units], "recurrent_kernel");
  // The weights exist twice: as variables and packed for the kernels.
  requireMemory(
    count * (ARRAY_TYPES[variableDtype].BYTES_PER_ELEMENT + ARRAY_TYPES[kernelDtype].BYTES_PER_ELEMENT),
    "units",
  );
}

/** Throws `ERR_OUT_OF_MEMORY` when `bytes` are more than the machine has. */
export function requireMemory(bytes: number, name: string): void {
  if (bytes > memoryLimit()) throw outOfMemory(bytes, name);
}

function outOfMemory(bytes: number, name: string, cause?: unknown): GRUError {
  const size = `${(bytes / 2 ** 30).toPrecision(3)} GiB`;
  return expectedText("ERR_OUT_OF_MEMORY", name, `${size} of memory`, "less", maybeCause(cause));
}
