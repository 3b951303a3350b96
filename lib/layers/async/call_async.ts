import { type ReadCall, readCall } from "../../arguments/read_call.js";
import { callArguments } from "../../native/contract.js";
import { type CallOutcome, finishCall } from "../call/call_results.js";
import type { CombinedRows } from "../call/combined_rows.js";
import { type Preparation, prepareCall } from "../call/prepare_call.js";
import { asyncArrays } from "../call/result_arrays.js";
import type { LayerParts } from "../layer_parts.js";
import { runCancellable, runSubmittedCall, submitCall } from "./submit_call.js";

/** Computes on the executor's threads. Never throws. Rejects with the errors of `GRULayer.callAsync`. */
export function callAsync(layer: LayerParts, inputs: unknown, args: unknown): Promise<CallOutcome> {
  const { options, weights } = layer;
  return submitCall(layer, "callAsync", args, (signal) => {
    const read = readCall(options, weights.features, inputs, args, "callAsync");
    return compute(layer, { method: "callAsync", read, signal });
  });
}

/** A batcher's call, in memory of its own. It computes one request or several. */
export interface BatcherCall {
  readonly read: ReadCall;
  /** The rows of each request; `null` when there is only one. */
  readonly rows: CombinedRows | null;
}

/** Computes a batcher's call, as `callAsync` computes one. */
export function callForBatcher(
  layer: LayerParts,
  { read, rows }: BatcherCall,
  signal: AbortSignal | null,
): Promise<CallOutcome> {
  return submitCall(layer, "callAsync", { signal }, () =>
    compute(layer, { method: "callAsync", read, signal, combined: rows }),
  );
}

/**
 * Prepares and computes a call. Throws when the call cannot be prepared. Rejects with `ERR_ABORTED` when the signal
 * aborts before the promise settles, even if the computation has already ended.
 */
function compute(layer: LayerParts, preparation: Preparation): Promise<CallOutcome> {
  const { signal = null } = preparation;
  const prepared = prepareCall(layer, preparation);
  return runSubmittedCall(layer, prepared, signal, async ({ gru, computed }) => {
    const arrays = asyncArrays(layer, prepared);
    const args = callArguments(prepared, arrays);
    computed(...(await runCancellable(signal, (token) => gru.callAsync(token, ...args))));
    return finishCall(layer, prepared, arrays);
  });
}
