import type { NativeGru } from "../../native/binding.js";
import type { LayerParts } from "../layer_parts.js";
import { traceCall } from "./call_events.js";
import { type PreparedCall, packedWeights } from "./prepare_call.js";

/** Runs `compute`, a synchronous call. When it succeeds, the call uses up its dropout number. */
export function runCall<T>(layer: LayerParts, call: PreparedCall, compute: (gru: NativeGru) => T): T {
  const trace = traceCall(layer, call);
  return trace === null ? runUntraced(layer, call, compute) : trace.follow(() => runUntraced(layer, call, compute));
}

function runUntraced<T>(layer: LayerParts, call: PreparedCall, compute: (gru: NativeGru) => T): T {
  const { dropout } = call;
  if (dropout === null) return compute(packedWeights(call));
  try {
    const result = compute(packedWeights(call));
    layer.dropout.markSucceeded(dropout);
    return result;
  } finally {
    layer.dropout.markEnded(dropout);
  }
}
