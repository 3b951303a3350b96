import type { CallMethod } from "../../arguments/read_call.js";
import { waitOrAbort } from "../async/call_order.js";
import { recorded, submit } from "../async/submission.js";
import { notAsynchronous } from "../call/custom_activations.js";
import { type Composite, hasCustomActivations, requireFree } from "./composite.js";
import { markEnded, markSucceeded, type PreparedComposite } from "./prepare.js";
import { traceComposite } from "./trace.js";

/** Submits a call of a composite, as `submitCall` submits one of a layer. Never throws, and rejects as it does. */
export function submitComposite<T>(
  composite: Composite,
  method: CallMethod,
  args: unknown,
  start: (signal: AbortSignal | null) => Promise<T>,
): Promise<T> {
  return submit(method, args, () => requireAsynchronous(composite, method), start);
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
export function runInTurn<T>(
  prepared: PreparedComposite,
  signal: AbortSignal | null,
  compute: (computed: (queued: number, computed: number) => void) => Promise<T>,
): Promise<T> {
  const { halves, batch } = prepared;
  const trace = traceComposite(prepared);
  const places = halves.map(({ layer }) => layer.inFlight.takePlace());
  const submission = {
    trace,
    succeeded: () => markSucceeded(prepared),
    ended: () => {
      for (const place of places) place.leave();
      markEnded(prepared);
    },
  };
  return recorded(submission, async () => {
    if (halves.some(({ layer }) => layer.carried !== null)) {
      await waitOrAbort(
        Promise.all(places.map(({ ready }) => ready)).then(() => {}),
        signal,
      );
      for (const { layer } of halves) layer.carried?.checkBatch(batch);
    }
    trace?.begin();
    return await compute((queued, computed) => trace?.computed(queued, computed));
  });
}
