import type { CallMethod } from "../../arguments/read_call.js";
import { aborted, hasAborted, refuseAborted } from "../../arguments/signal.js";
import type { NativeGru } from "../../native/binding.js";
import { native } from "../../native/load.js";
import { traceCall } from "../call/call_events.js";
import { notAsynchronous } from "../call/custom_activations.js";
import { type PreparedCall, packedWeights } from "../call/prepare_call.js";
import type { LayerParts } from "../layer_parts.js";
import { onAbort } from "./abort.js";
import { recorded, submit } from "./submission.js";

/**
 * Submits a call of a layer, as `submit` does. Never throws. Rejects with the errors of `submit`, with `ERR_ARGUMENT` for
 * a layer with custom activations, and with `ERR_DISPOSED` and `ERR_STATE`.
 */
export function submitCall<T>(
  layer: LayerParts,
  method: CallMethod,
  args: unknown,
  start: (signal: AbortSignal | null) => Promise<T>,
): Promise<T> {
  return submit(method, args, () => requireAsynchronous(layer, method), start);
}

/**
 * Throws `ERR_DISPOSED`, `ERR_STATE`, or `ERR_ARGUMENT` for a layer whose calls can only run on the JavaScript thread.
 */
export function requireAsynchronous(layer: LayerParts, method: string): void {
  layer.weights.requireFree(method);
  if (layer.custom !== null) throw notAsynchronous(method);
}

/** The part of an asynchronous call that its computation needs when its turn has come. */
export interface RunningCall {
  readonly gru: NativeGru;
  /** Records how long the call waited in the executor's queue and computed, in milliseconds. */
  computed(queued: number, computed: number): void;
}

/** Runs `compute` when the calls before this one have ended. When it succeeds, the call uses up its dropout number. */
export function runSubmittedCall<T>(
  layer: LayerParts,
  call: PreparedCall,
  signal: AbortSignal | null,
  compute: (running: RunningCall) => Promise<T>,
): Promise<T> {
  const { dropout } = call;
  const trace = traceCall(layer, call);
  const submission = {
    trace,
    succeeded: () => dropout !== null && layer.dropout.markSucceeded(dropout),
    ended: () => dropout !== null && layer.dropout.markEnded(dropout),
  };
  return recorded(submission, () =>
    layer.inFlight.runInOrder(call.batch, signal, () => {
      trace?.begin();
      return compute({
        gru: packedWeights(call),
        computed: (queued, computed) => trace?.computed(queued, computed),
      });
    }),
  );
}

let lastToken = 0;

/** Returns a number that no running call of the addon has. */
export function nextToken(): number {
  lastToken += 1;
  return lastToken;
}

/**
 * Runs `start`, which is cancelled when the signal aborts. Rejects with `ERR_ABORTED` if the signal has aborted, even
 * when `start` has succeeded or failed with another error.
 */
export async function runCancellable<T>(signal: AbortSignal | null, start: (token: number) => Promise<T>): Promise<T> {
  const token = nextToken();
  if (signal === null) return start(token);
  refuseAborted(signal);
  const release = onAbort(signal, () => native().cancel(token));
  try {
    const result = await start(token);
    refuseAborted(signal);
    return result;
  } catch (error) {
    throw hasAborted(signal) ? aborted(signal) : error;
  } finally {
    release();
  }
}
