import type { ReadCall } from "../../arguments/call.js";
import { converted } from "../../arguments/convert.js";
import { bufferOf, byteOffsetOf, isUnshared } from "../../arguments/intrinsics.js";
import { ARRAY_TYPES, requireWhole } from "../../arguments/typed_array.js";
import { expected } from "../../errors/messages.js";
import type { FloatArray, TypedArray } from "../../native/arrays.js";

// Held from the moment the package is loaded: a function that takes its place later could keep the buffer that it returns.
const { structuredClone } = globalThis;

/** Throws `ERR_ARGUMENT` when the inputs of a call with `transfer: true` cannot be given away. */
export function requireTransferable({ transfer, source, out }: ReadCall): void {
  if (!transfer || source === null) return;
  const buffer = bufferOf(source);
  if (!isUnshared(buffer)) {
    throw expected("ERR_ARGUMENT", "inputs", "data over an ArrayBuffer, because `transfer` is true,", buffer);
  }
  for (const taken of [out?.output, out?.state]) {
    if (taken === undefined || taken === null || bufferOf(taken.data) !== buffer) continue;
    throw expected("ERR_ARGUMENT", "out", "memory other than the inputs', which `transfer` gives away,", taken.data);
  }
}

/**
 * The inputs as the call's own memory. With `transfer` their buffer is moved, which detaches the caller's; otherwise they are
 * copied where they are still the caller's. Throws `ERR_ARGUMENT`, with the buffer as it was, when it cannot be moved or is
 * gone.
 */
export function ownInputs({ transfer, source, owned, inputs, batch, timesteps, features }: ReadCall): FloatArray {
  const count = batch * timesteps * features;
  // Reading the other arguments may have run code of the caller's.
  requireWhole(inputs, count, "inputs.data");
  // Bits of either 16-bit type are copied as they are.
  const dtype = inputs instanceof Float64Array ? "float64" : inputs instanceof Uint16Array ? "float16" : "float32";
  if (!transfer || source === null) return owned ? inputs : converted(inputs, dtype, dtype, "inputs");
  // Once the buffer is moved, views of the old one read as empty.
  const start = byteOffsetOf(inputs);
  const buffer = move(source);
  return owned ? inputs : new ARRAY_TYPES[dtype](buffer, start, count);
}

function move(source: TypedArray): ArrayBuffer {
  const buffer = bufferOf(source) as ArrayBuffer;
  try {
    return structuredClone(buffer, { transfer: [buffer] });
  } catch (cause) {
    const error = expected("ERR_ARGUMENT", "inputs", "data whose buffer can be transferred", source);
    error.cause = cause;
    throw error;
  }
}
