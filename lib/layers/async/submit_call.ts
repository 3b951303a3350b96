import { readCallSignal } from "../../arguments/read_call.js";
import { aborted, hasAborted, refuseAborted } from "../../arguments/signal.js";
import { AsyncPlace } from "../../backend/async_limit.js";
import { whileHeld } from "../../backend/held_place.js";
import type { NativeGru } from "../../native/binding.js";
import { native } from "../../native/load.js";
import { traceCall } from "../call/call_events.js";
import { notAsynchronous } from "../call/custom_activations.js";
import { type CallMethod, type PreparedCall, packedWeights } from "../call/prepare_call.js";
import type { LayerParts } from "../layer_parts.js";
import { onAbort } from "./abort.js";

/**
 * Takes a place among the calls in flight and runs `start`, an asynchronous method of a layer, with the signal in
 * `args`. The place is free again when the promise of `start` settles. The part of `start` before its first `await` runs
 * before this function returns.
 *
 * Never throws. Rejects with `ERR_ARGUMENT` for a bad signal or a layer with custom activations, with `ERR_ABORTED`,
 * `ERR_DISPOSED`, `ERR_STATE` and `ERR_BUSY`, and with any error of `start`.
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
  return await whileHeld(new AsyncPlace(method), () => start(signal));
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
export async function runSubmittedCall<T>(
  layer: LayerParts,
  call: PreparedCall,
  signal: AbortSignal | null,
  compute: (running: RunningCall) => Promise<T>,
): Promise<T> {
  const { dropout } = call;
  const trace = traceCall(layer, call);
  try {
    const result = await layer.inFlight.runInOrder(call.batch, signal, () => {
      trace?.begin();
      return compute({
        gru: packedWeights(call),
        computed: (queued, computed) => trace?.computed(queued, computed),
      });
    });
    if (dropout !== null) layer.dropout.markSucceeded(dropout);
    return result;
  } catch (error) {
    trace?.failed(error);
    throw error;
  } finally {
    if (dropout !== null) layer.dropout.markEnded(dropout);
    trace?.publish();
  }
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
