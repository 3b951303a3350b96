import { isAsynchronous } from "../../arguments/read_call.js";
import { CallTrace, isTraced } from "../call/call_events.js";
import { pathOf } from "../call/prepare_call.js";
import { lastStage, outputWidth } from "./composite.js";
import type { PreparedComposite } from "./prepare.js";

/**
 * Returns a trace of a call, or `null` when the channel has no subscribers. The whole call is one event, whose `units`
 * is the last dimension of its output. Its path is `"cudnn"` when all layers take that path.
 */
export function traceComposite(prepared: PreparedComposite): CallTrace | null {
  if (!isTraced()) return null;
  const { composite, method, batch, timesteps, features, halves } = prepared;
  const last = lastStage(composite);
  return new CallTrace({
    layer: composite.name,
    path: halves.every(({ call }) => pathOf(call) === "cudnn") ? "cudnn" : "cpu",
    batch,
    timesteps,
    features,
    units: outputWidth(last),
    dtype: last.dtype,
    async: isAsynchronous(method),
    queued: null,
    computed: null,
  });
}
