import { reading } from "../../errors/reading.js";

type Callback = () => void;

/** The calls that each signal ends. One listener a signal serves them all: many listeners make Node warn of a leak. */
const waiting = new WeakMap<AbortSignal, { callbacks: Set<Callback>; listener: Callback }>();

/**
 * Calls `callback` when `signal`, which has not aborted yet, aborts. Gives what takes it back. Throws `ERR_ARGUMENT` for a
 * signal that cannot be listened to.
 */
export function onAbort(signal: AbortSignal, callback: Callback): () => void {
  let entry = waiting.get(signal);
  if (entry === undefined) {
    const callbacks = new Set<Callback>();
    const listener = () => {
      waiting.delete(signal);
      for (const each of callbacks) each();
    };
    entry = { callbacks, listener };
    reading("signal", () => signal.addEventListener("abort", listener, { once: true }));
    waiting.set(signal, entry);
  }
  const { callbacks, listener } = entry;
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0 || waiting.get(signal)?.listener !== listener) return;
    waiting.delete(signal);
    try {
      signal.removeEventListener("abort", listener);
    } catch {
      // The listener has nothing left to call.
    }
  };
}
