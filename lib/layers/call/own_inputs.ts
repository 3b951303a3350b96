import { converted } from "../../arguments/convert.js";
import type { OutTarget } from "../../arguments/out_argument.js";
import type { ReadCall } from "../../arguments/read_call.js";
import { ARRAY_TYPES, requireWhole } from "../../arguments/typed_array.js";
import { expected } from "../../errors/messages.js";
import type { FloatArray, TypedArray } from "../../native/arrays.js";
import { bufferOf, byteOffsetOf, isUnshared } from "../../native/intrinsics.js";

// This reference is taken when the package is loaded. A function that replaced the global one later could keep the
// buffer that it returns.
const { structuredClone } = globalThis;

/**
 * Throws `ERR_ARGUMENT` when a call with `transfer: true` cannot take over the inputs' buffer. `targets` are the memory
 * that the results are written to.
 */
export function requireTransferable(
  { transfer, source }: Pick<ReadCall, "transfer" | "source">,
  targets: readonly (OutTarget | null | undefined)[],
): void {
  if (!transfer || source === null) return;
  const buffer = bufferOf(source);
  if (!isUnshared(buffer)) {
    throw expected("ERR_ARGUMENT", "inputs", "data over an ArrayBuffer, because `transfer` is true,", buffer);
  }
  for (const taken of targets) {
    if (taken === undefined || taken === null || bufferOf(taken.data) !== buffer) continue;
    throw expected("ERR_ARGUMENT", "out", "memory other than the inputs', which `transfer` gives away,", taken.data);
  }
}

/**
 * Returns the inputs in memory of the call's own. With `transfer` their buffer is moved, which detaches the caller's.
 * Otherwise inputs that are still the caller's are copied. Throws `ERR_ARGUMENT` when the buffer cannot be moved or is
 * detached, and then leaves the buffer unchanged.
 */
export function ownInputs(read: Omit<ReadCall, "initialState" | "out">): FloatArray {
  const { transfer, source, owned, inputs, batch, timesteps, features } = read;
  const count = batch * timesteps * features;
  // Reading the other arguments may have run user code.
  requireWhole(inputs, count, "inputs.data");
  // Bits of both 16-bit types are copied unchanged, so either dtype will do.
  const dtype = inputs instanceof Float64Array ? "float64" : inputs instanceof Uint16Array ? "float16" : "float32";
  if (!transfer || source === null) return owned ? inputs : converted(inputs, dtype, dtype, "inputs");
  // These values are read first, because views of a moved buffer read as empty.
  const start = byteOffsetOf(inputs);
  const buffer = moveBuffer(source);
  return owned ? inputs : new ARRAY_TYPES[dtype](buffer, start, count);
}

function moveBuffer(source: TypedArray): ArrayBuffer {
  const buffer = bufferOf(source) as ArrayBuffer;
  try {
    return structuredClone(buffer, { transfer: [buffer] });
  } catch (cause) {
    const error = expected("ERR_ARGUMENT", "inputs", "data whose buffer can be transferred", source);
    error.cause = cause;
    throw error;
  }
}
