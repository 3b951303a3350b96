import type { NativeGru } from "../../native/binding.js";
import type { LayerParts } from "../layer_parts.js";
import { traceCall } from "./call_events.js";
import { type PreparedCall, packedWeights } from "./prepare_call.js";

/** Runs `compute`, a synchronous call. Its dropout number counts when it succeeds. */
export function runCall<T>(layer: LayerParts, call: PreparedCall, compute: (gru: NativeGru) => T): T {
  const trace = traceCall(layer, call);
  return trace === null ? runUntraced(layer, call, compute) : trace.follow(() => runUntraced(layer, call, compute));
}

function runUntraced<T>(layer: LayerParts, call: PreparedCall, compute: (gru: NativeGru) => T): T {
  const { dropout } = call;
  if (dropout === null) return compute(packedWeights(call));
  try {
    const result = compute(packedWeights(call));
    layer.dropout.keep(dropout);
    return result;
  } finally {
    layer.dropout.release(dropout);
  }
}
