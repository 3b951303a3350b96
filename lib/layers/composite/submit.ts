import { readCallSignal } from "../../arguments/read_call.js";
import { refuseAborted } from "../../arguments/signal.js";
import { AsyncPlace } from "../../backend/async_limit.js";
import { whileHeld } from "../../backend/held_place.js";
import { waitOrAbort } from "../async/call_order.js";
import { notAsynchronous } from "../call/custom_activations.js";
import type { CallMethod } from "../call/prepare_call.js";
import { type Composite, hasCustomActivations, requireFree } from "./composite.js";
import { markEnded, markSucceeded, type PreparedComposite } from "./prepare.js";
import { traceComposite } from "./trace.js";

/**
 * Takes a place among the calls in flight and runs `start`, an asynchronous method of a composite, with the signal in
 * `args`. The part of `start` before its first `await` runs before this function returns.
 *
 * Never throws. Rejects with the errors of `submitCall`, and with any error of `start`.
 */
export async function submitComposite<T>(
  composite: Composite,
  method: CallMethod,
  args: unknown,
  start: (signal: AbortSignal | null) => Promise<T>,
): Promise<T> {
  const signal = readCallSignal(args);
  refuseAborted(signal);
  requireAsynchronous(composite, method);
  return await whileHeld(new AsyncPlace(method), () => start(signal));
}

/**
 * Throws `ERR_DISPOSED`, `ERR_STATE`, or `ERR_ARGUMENT` for a composite whose calls can only run on the JavaScript
 * thread.
 */
export function requireAsynchronous(composite: Composite, method: string): void {
  requireFree(composite, method);
  if (hasCustomActivations(composite)) throw notAsynchronous(method);
}

/**
 * Runs `compute` when the earlier calls on all stateful layers have ended. A layer may belong to several composites, so
 * the call takes its place among the calls of every layer before anything is awaited. When it succeeds, the call uses
 * up its dropout numbers.
 */
export async function runInTurn<T>(
  prepared: PreparedComposite,
  signal: AbortSignal | null,
  compute: (computed: (queued: number, computed: number) => void) => Promise<T>,
): Promise<T> {
  const { halves, batch } = prepared;
  const trace = traceComposite(prepared);
  const places = halves.map(({ layer }) => layer.inFlight.takePlace());
  try {
    if (halves.some(({ layer }) => layer.carried !== null)) {
      await waitOrAbort(
        Promise.all(places.map(({ ready }) => ready)).then(() => {}),
        signal,
      );
      for (const { layer } of halves) layer.carried?.checkBatch(batch);
    }
    trace?.begin();
    const result = await compute((queued, computed) => trace?.computed(queued, computed));
    markSucceeded(prepared);
    return result;
  } catch (error) {
    trace?.failed(error);
    throw error;
  } finally {
    for (const place of places) place.leave();
    markEnded(prepared);
    trace?.publish();
  }
}
