import { reading } from "../../errors/reading.js";

type Callback = () => void;

/** The callbacks of each signal. One listener serves them all, since Node warns of a leak when a signal has many listeners. */
const waiting = new WeakMap<AbortSignal, { callbacks: Set<Callback>; listener: Callback }>();

/**
 * Registers `callback` to run once when `signal` aborts; it has not aborted yet. Returns a function that unregisters it.
 * Throws `ERR_ARGUMENT` for a signal that cannot be listened to.
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
