import { type ReadCall, readCall } from "../../arguments/call.js";
import { callArguments } from "../../native/contract.js";
import { type CallOutcome, finishCall } from "../call/call_results.js";
import type { CombinedRows } from "../call/combined_rows.js";
import { type Preparation, prepareCall } from "../call/prepare_call.js";
import { asyncArrays } from "../call/result_arrays.js";
import type { LayerParts } from "../layer_parts.js";
import { cancellable, runInTurn, submitCall } from "./submit_call.js";

/** Computes on the executor's threads. Never throws: rejects as `GRULayer.callAsync`. */
export function callAsync(layer: LayerParts, inputs: unknown, args: unknown): Promise<CallOutcome> {
  const { options, weights } = layer;
  return submitCall(layer, "callAsync", args, (signal) => {
    const read = readCall(options, weights.features, inputs, args, true);
    return compute(layer, { method: "callAsync", read, signal });
  });
}

/** A call that computes several requests of a batcher, in memory of its own. */
export interface CombinedCall {
  readonly read: ReadCall;
  readonly rows: CombinedRows;
}

/** As `callAsync`, for several requests at once. */
export function callCombined(
  layer: LayerParts,
  { read, rows }: CombinedCall,
  signal: AbortSignal,
): Promise<CallOutcome> {
  return submitCall(layer, "callAsync", { signal }, () =>
    compute(layer, { method: "callAsync", read, signal, combined: rows }),
  );
}

/**
 * Throws where the call cannot be prepared. Rejects with `ERR_ABORTED` when the signal aborts before this promise settles, whether or not the computation had
 * ended.
 */
function compute(layer: LayerParts, preparation: Preparation): Promise<CallOutcome> {
  const { signal = null } = preparation;
  const prepared = prepareCall(layer, preparation);
  return runInTurn(layer, prepared, signal, async ({ gru, computed }) => {
    const arrays = asyncArrays(layer, prepared);
    const args = callArguments(prepared, arrays);
    computed(...(await cancellable(signal, (token) => gru.callAsync(token, ...args))));
    return finishCall(layer, prepared, arrays);
  });
}
