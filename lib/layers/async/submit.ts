import { readCallSignal } from "../../arguments/call.js";
import { refuseAborted } from "../../arguments/signal.js";
import { enterQueue, leaveQueue } from "../../backend/call_queue.js";

/**
 * Takes a place in the queue and runs `submit`, which gives it back when it succeeds, with the signal of `args`; `check`
 * throws where the layer takes no such calls. Never throws: rejects.
 */
export function submitCall<T>(
  what: string,
  args: unknown,
  check: () => void,
  submit: (signal: AbortSignal | null) => Promise<T>,
): Promise<T> {
  try {
    const signal = readCallSignal(args);
    refuseAborted(signal);
    check();
    enterQueue(what);
    try {
      return submit(signal);
    } catch (error) {
      leaveQueue();
      throw error;
    }
  } catch (error) {
    return Promise.reject(error);
  }
}
