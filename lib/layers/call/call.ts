import { readCall } from "../../arguments/read_call.js";
import type { NativeGru } from "../../native/binding.js";
import { callArguments, callSpread, type NativeCallArguments } from "../../native/contract.js";
import type { LayerParts } from "../layer_parts.js";
import { type CallOutcome, finishCall } from "./call_results.js";
import type { CustomActivations } from "./custom_activations.js";
import { prepareCall } from "./prepare_call.js";
import { syncArrays } from "./result_arrays.js";
import { runCall } from "./run_call.js";

/** Computes on this thread. Throws the errors of `GRULayer.call`. */
export function call(layer: LayerParts, inputs: unknown, args: unknown): CallOutcome {
  const { options, weights } = layer;
  weights.requireFree("call");
  const read = readCall(options, weights.features, inputs, args, "call");
  const prepared = prepareCall(layer, { method: "call", read });
  return runCall(layer, prepared, (gru) => {
    const arrays = syncArrays(layer, prepared);
    computeNow(gru, layer.custom, callArguments(prepared, arrays));
    return finishCall(layer, prepared, arrays);
  });
}

/** Makes one synchronous call of the addon, with the user's activation functions if the layer has any. */
export function computeNow(gru: NativeGru, custom: CustomActivations | null, args: NativeCallArguments): void {
  if (custom === null) callSpread(gru, args);
  else custom.run((functions) => gru.call(...args, functions));
}
