import type { ReadOut } from "../../arguments/out_argument.js";
import { type CallMethod, isAsynchronous, type ReadCall } from "../../arguments/read_call.js";
import { refuseAborted } from "../../arguments/signal.js";
import type { FloatArray, NativeArray } from "../../native/arrays.js";
import type { NativeGru } from "../../native/binding.js";
import { CALL_FLAGS } from "../../native/contract.js";
import type { LayerParts } from "../layer_parts.js";
import type { GRUWeights, WeightSnapshot } from "../weights/gru_weights.js";
import type { CombinedRows } from "./combined_rows.js";
import type { CallDropout } from "./dropout.js";
import { ownInputs, requireTransferable } from "./own_inputs.js";

/**
 * A call that is ready to be computed. `call`, `callAsync`, `forward`, `forwardAsync` and the batcher all compute from
 * this value, and none of them changes it.
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
  /** The dropout masks of the call; `null` when it needs none. */
  readonly dropout: CallDropout | null;
  /** `CALL_FLAGS` of the layer and of the path. */
  readonly flags: number;
  /** The rows of a batcher's requests in a combined call; `null` for every other call. */
  readonly combined: CombinedRows | null;
  /** Tells for each row whether its last output becomes zero after the computation; `null` when none does. */
  readonly zeroedRows: readonly boolean[] | null;
  readonly out: ReadOut | null;
  readonly weights: GRUWeights;
  /**
   * The weights at the time of submission. `null` for a synchronous call, which computes with the weights at the time
   * of computation.
   */
  readonly snapshot: WeightSnapshot | null;
}

/** Says how a call that was read is to be prepared. */
export interface Preparation {
  readonly method: CallMethod;
  readonly read: ReadCall;
  readonly signal?: AbortSignal | null;
  readonly combined?: CombinedRows | null;
}

/**
 * Prepares a call: chooses its path, builds the layer if it is not built, and draws dropout masks. If the call computes
 * later or runs user code, also makes the inputs its own. For a call that computes later, that is the last step, so that
 * a refused call leaves the caller's buffer intact.
 *
 * Throws the errors of `GRULayer.call`.
 */
export function prepareCall(
  layer: LayerParts,
  { method, read, signal = null, combined = null }: Preparation,
): PreparedCall {
  const asynchronous = isAsynchronous(method);
  // The user's functions could detach the arrays that the kernels read.
  const copied = !asynchronous && layer.custom !== null ? ownInputs(read) : null;
  // Reading the arguments may have run user code.
  refuseAborted(signal);
  requireTransferable(read, [read.out?.output, read.out?.state]);
  const pathFlags = layer.path.flagsFor(read);
  if (asynchronous) layer.inFlight.checkBatch(read.batch);
  else layer.inFlight.requireNone(method, read.batch);
  const weights = layer.weights.forFeatures(read.features);
  const dropout = layer.dropout.drawIfNeeded(read);
  const zeroedRows = zeroedRowsOf(layer, combined);
  try {
    return {
      method,
      inputs: copied ?? (asynchronous ? ownInputs(read) : read.inputs),
      batch: read.batch,
      timesteps: read.timesteps,
      features: read.features,
      mask: read.mask,
      lengths: read.lengths,
      initialState: read.initialState,
      dropout,
      flags: flagsOf(layer, zeroedRows) | pathFlags,
      combined,
      zeroedRows,
      out: read.out,
      weights,
      snapshot: asynchronous ? weights.snapshot() : null,
    };
  } catch (error) {
    if (dropout !== null) layer.dropout.markEnded(dropout);
    throw error;
  }
}

/** Returns the path that a prepared call takes. */
export function pathOf({ flags }: Pick<PreparedCall, "flags">): "cudnn" | "cpu" {
  return (flags & CALL_FLAGS.cudnn) === 0 ? "cpu" : "cudnn";
}

/** Returns the native layer with the weights that the call computes with. */
export function packedWeights({ weights, snapshot }: Pick<PreparedCall, "weights" | "snapshot">): NativeGru {
  return snapshot === null ? weights.packed() : weights.pack(snapshot);
}

/**
 * Returns the rows of a combined call whose last output becomes zero after the computation: those that end with a masked
 * timestep. `null` when the kernels write the zeros of `zero_output_for_mask`, which they cannot do where the padding of
 * the shorter requests would get them too.
 */
export function zeroedRowsOf({ options }: LayerParts, combined: CombinedRows | null): readonly boolean[] | null {
  const padsLastOutput = options.zeroOutputForMask && !options.returnSequences && !options.goBackwards;
  return combined !== null && padsLastOutput ? combined.endsMasked : null;
}

/** Returns the bits of a call's flags that do not depend on its path. */
export function flagsOf({ flags }: LayerParts, zeroedRows: PreparedCall["zeroedRows"]): number {
  return zeroedRows === null ? flags : flags & ~CALL_FLAGS.zeroOutputForMask;
}
