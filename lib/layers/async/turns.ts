import { aborted, hasAborted } from "../../arguments/signal.js";
import { onAbort } from "./abort.js";

/** A place in the order of calls. */
export interface Turn extends Disposable {
  /** Resolves when every earlier call has ended. Disposing the turn, once, lets the next call begin. */
  readonly ready: Promise<void>;
}

/** Makes asynchronous calls run one after the other, in the order they came. */
export class Turns {
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** Calls that have not ended. */
  get pending(): number {
    return this.#waiting;
  }

  /** Takes the next place. */
  enter(): Turn {
    const ready = this.#tail;
    let end: () => void = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    // A call that gives up early (aborted) must not let the next one overtake those before it.
    this.#tail = ready.then(() => ended);
    this.#waiting += 1;
    return {
      ready,
      [Symbol.dispose]: () => {
        this.#waiting -= 1;
        end();
      },
    };
  }
}

/** Waits for `ready`; rejects with `ERR_ABORTED` as soon as the signal aborts. */
export function waitFor(ready: Promise<void>, signal: AbortSignal | null): Promise<void> {
  if (signal === null) return ready;
  if (hasAborted(signal)) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    const release = onAbort(signal, () => reject(aborted(signal)));
    ready.then(() => {
      release();
      resolve();
    });
  });
}
