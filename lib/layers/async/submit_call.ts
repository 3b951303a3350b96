import { readCallSignal } from "../../arguments/call.js";
import { aborted, hasAborted, refuseAborted } from "../../arguments/signal.js";
import { QueuePlace } from "../../backend/call_queue.js";
import type { NativeGru } from "../../native/binding.js";
import { native } from "../../native/load.js";
import { traceCall } from "../call/call_events.js";
import { notAsynchronous } from "../call/custom_activations.js";
import { type CallMethod, type PreparedCall, packedWeights } from "../call/prepare_call.js";
import type { LayerParts } from "../layer_parts.js";
import { onAbort } from "./abort.js";

/**
 * Takes a place in the queue and runs `start`, an asynchronous method of a layer, with the signal of `args`. The place is free
 * again when its promise settles.
 *
 * Never throws: rejects with `ERR_ARGUMENT` for a bad signal or a layer with custom activations, `ERR_ABORTED`,
 * `ERR_DISPOSED`, `ERR_STATE`, `ERR_BUSY`, and as `start` throws or rejects. What `start` does before its first `await` is done
 * before this returns.
 */
export async function submitCall<T>(
  layer: LayerParts,
  method: CallMethod,
  args: unknown,
  start: (signal: AbortSignal | null) => Promise<T>,
): Promise<T> {
  const signal = readCallSignal(args);
  refuseAborted(signal);
  requireAsynchronous(layer, method);
  using _place = new QueuePlace(method);
  return await start(signal);
}

/** Throws `ERR_DISPOSED`, `ERR_STATE`, or `ERR_ARGUMENT` where the layer's calls can only run on the JavaScript thread. */
export function requireAsynchronous(layer: LayerParts, method: string): void {
  layer.weights.requireFree(method);
  if (layer.custom !== null) throw notAsynchronous(method);
}

/** An asynchronous call as `compute` sees it when its turn has come. */
export interface RunningCall {
  readonly gru: NativeGru;
  /** Notes how long the call waited in the executor's queue and computed, in milliseconds. */
  computed(queued: number, computed: number): void;
}

/** Runs `compute` when the calls before this one have ended. The call's dropout number counts when it succeeds. */
export async function runInTurn<T>(
  layer: LayerParts,
  call: PreparedCall,
  signal: AbortSignal | null,
  compute: (running: RunningCall) => Promise<T>,
): Promise<T> {
  const { dropout } = call;
  const trace = traceCall(layer, call);
  try {
    const result = await layer.inFlight.inTurn(call.batch, signal, () => {
      trace?.begin();
      return compute({
        gru: packedWeights(call),
        computed: (queued, computed) => trace?.computed(queued, computed),
      });
    });
    if (dropout !== null) layer.dropout.keep(dropout);
    return result;
  } catch (error) {
    trace?.failed(error);
    throw error;
  } finally {
    if (dropout !== null) layer.dropout.release(dropout);
    trace?.publish();
  }
}

let lastToken = 0;

/** A number that no running call of the addon has. */
export function nextToken(): number {
  lastToken += 1;
  return lastToken;
}

/** Runs `start`, which aborting the signal cancels. Rejects with `ERR_ABORTED` once it has aborted, whatever came out. */
export async function cancellable<T>(signal: AbortSignal | null, start: (token: number) => Promise<T>): Promise<T> {
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
