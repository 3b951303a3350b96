type Callback = () => void;

/** The calls that each signal ends. One listener a signal serves them all: many listeners make Node warn of a leak. */
const waiting = new WeakMap<AbortSignal, { callbacks: Set<Callback>; listener: Callback }>();

/** Calls `callback` when `signal`, which has not aborted yet, aborts. Gives what takes it back. */
export function onAbort(signal: AbortSignal, callback: Callback): () => void {
  let entry = waiting.get(signal);
  if (entry === undefined) {
    const callbacks = new Set<Callback>();
    const listener = () => {
      waiting.delete(signal);
      for (const each of callbacks) each();
    };
    entry = { callbacks, listener };
    waiting.set(signal, entry);
    signal.addEventListener("abort", listener, { once: true });
  }
  const { callbacks, listener } = entry;
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0 || waiting.get(signal)?.listener !== listener) return;
    waiting.delete(signal);
    signal.removeEventListener("abort", listener);
  };
}
