import { totalmem } from "node:os";
import { ARRAY_TYPES } from "../arguments/typed_array.js";
import { GRUError } from "../errors.js";
import type { Dtype } from "../keras/dtype_policy.js";
import type { NativeArray, NativeDtype } from "../native.js";
import type { FloatArray } from "../tensor.js";

/** Below this many bytes an allocation is simply tried. */
const SMALL = 2 ** 28;

/** The memory this process may use at all, in bytes. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/**
 * Zeros. Throws `ERR_OUT_OF_MEMORY` where they cannot be had; asking for more than the machine has is refused up front,
 * because an overcommitting system would grant it and end the process at the first write.
 */
export function allocate(dtype: NativeDtype, count: number, name: string): NativeArray;
export function allocate(dtype: Dtype, count: number, name: string): FloatArray;
export function allocate(dtype: Dtype, count: number, name: string): FloatArray {
  const Type = ARRAY_TYPES[dtype];
  const bytes = count * Type.BYTES_PER_ELEMENT;
  if (bytes > SMALL && bytes > memoryLimit()) throw outOfMemory(bytes, name);
  try {
    return new Type(count);
  } catch (cause) {
    throw outOfMemory(bytes, name, cause);
  }
}

/** Throws `ERR_OUT_OF_MEMORY` when `bytes` are more than the machine has. */
export function requireMemory(bytes: number, name: string): void {
  if (bytes > memoryLimit()) throw outOfMemory(bytes, name);
}

function outOfMemory(bytes: number, name: string, cause?: unknown): GRUError {
  const size = `${(bytes / 2 ** 30).toPrecision(3)} GiB`;
  return new GRUError("ERR_OUT_OF_MEMORY", `Expected memory for \`${name}\` but could not have ${size}.`, { cause });
}
