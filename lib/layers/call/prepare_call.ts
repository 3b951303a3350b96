import type { ReadCall } from "../../arguments/call.js";
import type { ReadOut } from "../../arguments/out.js";
import { refuseAborted } from "../../arguments/signal.js";
import type { FloatArray, NativeArray } from "../../native/arrays.js";
import type { NativeGru } from "../../native/binding.js";
import { CALL_FLAGS } from "../../native/contract.js";
import type { LayerParts } from "../layer_parts.js";
import type { GRUWeights, WeightSnapshot } from "../weights/gru_weights.js";
import type { CombinedRows } from "./combined_rows.js";
import type { Draw } from "./dropout.js";
import { ownInputs, requireTransferable } from "./own_inputs.js";

/** The public methods that compute a call. Those that end in `Async` compute later, from memory of the call's own. */
export type CallMethod = "call" | "callAsync" | "forward" | "forwardAsync";

/**
 * A call that is ready to be computed. `call`, `callAsync`, `forward`, `forwardAsync` and the batcher all compute from one of
 * these, and nobody changes it.
 */
export interface PreparedCall {
  readonly method: CallMethod;
  readonly inputs: FloatArray;
  readonly batch: number;
  readonly timesteps: number;
  readonly features: number;
  readonly mask: Uint8Array | null;
  readonly lengths: Int32Array | null;
  readonly initialState: NativeArray | null;
  /** The dropout masks of the call; `null` where it needs none. */
  readonly dropout: Draw | null;
  /** `CALL_FLAGS` of the layer and of the path. */
  readonly flags: number;
  /** The rows of several requests of a batcher; `null` for every other call. */
  readonly combined: CombinedRows | null;
  readonly out: ReadOut | null;
  readonly weights: GRUWeights;
  /** The weights at the time of submission; `null` for a synchronous call, which computes with those of its moment. */
  readonly snapshot: WeightSnapshot | null;
}

/** How a call that has been read is to be prepared. */
export interface Preparation {
  readonly method: CallMethod;
  readonly read: ReadCall;
  readonly signal?: AbortSignal | null;
  readonly combined?: CombinedRows | null;
}

/**
 * Prepares a call: chooses its path, builds the layer where it is not built, draws dropout masks, and makes the inputs the
 * call's own where it computes later or runs functions of the user's.
 *
 * Throws as `GRULayer.call`. The inputs are taken last, so that a call that is refused leaves the caller's buffer.
 */
export function prepareCall(
  layer: LayerParts,
  { method, read, signal = null, combined = null }: Preparation,
): PreparedCall {
  const asynchronous = isAsynchronous(method);
  // Reading the arguments may have run code of the caller's.
  refuseAborted(signal);
  requireTransferable(read);
  const pathFlags = layer.path.flagsFor(read);
  if (asynchronous) layer.inFlight.checkBatch(read.batch);
  else layer.inFlight.requireNone(method, read.batch);
  const weights = layer.weights.forFeatures(read.features);
  const dropout = layer.dropout.drawFor(read);
  try {
    return {
      method,
      // Functions of the user's could detach the arrays that the kernels read.
      inputs: asynchronous || layer.custom !== null ? ownInputs(read) : read.inputs,
      batch: read.batch,
      timesteps: read.timesteps,
      features: read.features,
      mask: read.mask,
      lengths: read.lengths,
      initialState: read.initialState,
      dropout,
      flags: flagsOf(layer, combined) | pathFlags,
      combined,
      out: read.out,
      weights,
      snapshot: asynchronous ? weights.snapshot() : null,
    };
  } catch (error) {
    if (dropout !== null) layer.dropout.release(dropout);
    throw error;
  }
}

export function isAsynchronous(method: CallMethod): boolean {
  return method === "callAsync" || method === "forwardAsync";
}

/** The path that a prepared call takes. */
export function pathOf({ flags }: PreparedCall): "cudnn" | "cpu" {
  return (flags & CALL_FLAGS.cudnn) === 0 ? "cpu" : "cudnn";
}

/** The native layer, holding the weights that the call computes with. */
export function packedWeights({ weights, snapshot }: PreparedCall): NativeGru {
  return snapshot === null ? weights.packed() : weights.pack(snapshot);
}

/**
 * Whether the padding of a combined call would make the kernels write zeros in place of a row's last output. Zeros for the
 * user's own masks are then written to the results.
 */
export function padsLastOutput({ options }: LayerParts): boolean {
  return options.zeroOutputForMask && !options.returnSequences && !options.goBackwards;
}

function flagsOf(layer: LayerParts, combined: CombinedRows | null): number {
  return combined !== null && padsLastOutput(layer) ? layer.flags & ~CALL_FLAGS.zeroOutputForMask : layer.flags;
}
