import type { CallRequest } from "../arguments/call.js";
import { expected } from "../arguments/messages.js";
import { ARRAY_TYPES, detached } from "../arguments/typed_array.js";
import type { FloatArray, TypedArray } from "../tensor.js";

/** Throws `ERR_ARGUMENT` when the inputs of a call with `transfer: true` cannot be given away. */
export function checkTransfer({ transfer, source, out }: CallRequest): void {
  if (!transfer || source === null) return;
  if (!(source.buffer instanceof ArrayBuffer)) {
    throw expected("ERR_ARGUMENT", "inputs", "data over an ArrayBuffer, because `transfer` is true,", source.buffer);
  }
  for (const taken of [out?.output, out?.state]) {
    if (taken?.data.buffer !== source.buffer) continue;
    throw expected("ERR_ARGUMENT", "out", "memory other than the inputs', which `transfer` gives away,", taken.data);
  }
}

/**
 * Makes the inputs the call's own: moves their buffer (which detaches the caller's) with `transfer`, else copies them
 * where they are still the caller's. Throws `ERR_ARGUMENT`, with the buffer as it was, when it cannot be moved or is gone.
 */
export function takeInputs(request: CallRequest): void {
  const { transfer, source, owned, inputs, batch, timesteps, features } = request;
  // Reading the other arguments may have run code of the caller's.
  if (inputs.length !== batch * timesteps * features) throw detached("inputs.data");
  if (!transfer || source === null) {
    // Never slice: a subclass of the caller's decides what that makes.
    if (!owned) request.inputs = new (typeOf(inputs))(inputs);
  } else {
    // Once the buffer is moved, views of the old one read as empty.
    const { byteOffset, length } = inputs;
    const moved = move(source);
    if (!owned) request.inputs = new (typeOf(inputs))(moved, byteOffset, length);
  }
  request.owned = true;
}

function move(source: TypedArray): ArrayBuffer {
  const buffer = source.buffer as ArrayBuffer;
  try {
    return structuredClone(buffer, { transfer: [buffer] });
  } catch (cause) {
    const error = expected("ERR_ARGUMENT", "inputs", "data whose buffer can be transferred", source);
    error.cause = cause;
    throw error;
  }
}

function typeOf(array: FloatArray): new (source: FloatArray | ArrayBuffer, at?: number, length?: number) => FloatArray {
  const { float64, float16, float32 } = ARRAY_TYPES;
  return [float64, float16].find((type) => array instanceof type) ?? float32;
}
