import type { CallMethod } from "../../arguments/read_call.js";
import { readCallSignal } from "../../arguments/read_call.js";
import { refuseAborted } from "../../arguments/signal.js";
import { AsyncPlace } from "../../backend/async_limit.js";
import { whileHeld } from "../../backend/held_place.js";
import type { CallTrace } from "../call/call_events.js";

/**
 * Takes a place among the calls in flight and runs `start`, an asynchronous method, with the signal in `args`.
 * `requireReady` throws when the layer may not be called. The place is free again when the promise of `start` settles. The
 * part of `start` before its first `await` runs before this function returns.
 *
 * Never throws. Rejects with `ERR_ARGUMENT` for a bad signal, with `ERR_ABORTED` and `ERR_BUSY`, and with any error of
 * `requireReady` and `start`.
 */
export async function submit<T>(
  method: CallMethod,
  args: unknown,
  requireReady: () => void,
  start: (signal: AbortSignal | null) => Promise<T>,
): Promise<T> {
  const signal = readCallSignal(args);
  refuseAborted(signal);
  requireReady();
  return await whileHeld(new AsyncPlace(method), () => start(signal));
}

/** Takes note of how an asynchronous call has ended. */
export interface Submission {
  readonly trace: CallTrace | null;
  succeeded(): void;
  /** Runs in any case, after `succeeded`. */
  ended(): void;
}

/** Runs `compute`, and records how it ended. */
export async function recorded<T>(submission: Submission, compute: () => Promise<T>): Promise<T> {
  const { trace } = submission;
  try {
    const result = await compute();
    submission.succeeded();
    return result;
  } catch (error) {
    trace?.failed(error);
    throw error;
  } finally {
    submission.ended();
    trace?.publish();
  }
}
