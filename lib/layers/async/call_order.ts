import { aborted, hasAborted } from "../../arguments/signal.js";
import type { HeldPlace } from "../../backend/held_place.js";
import { onAbort } from "./abort.js";

/**
 * The place of one call in the order. The call leaves its place once, when it has ended. The next call may then begin.
 */
export interface OrderedPlace extends HeldPlace {
  /** Resolves when every earlier call has ended. */
  readonly ready: Promise<void>;
}

/** Makes asynchronous calls run one after the other, in the order they came. */
export class CallOrder {
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** The number of calls that have not ended. */
  get pending(): number {
    return this.#waiting;
  }

  /** Takes the place after the last call. */
  takePlace(): OrderedPlace {
    const ready = this.#tail;
    let end: () => void = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    // A call that was aborted ends early. The call after it must still wait for those before.
    this.#tail = ready.then(() => ended);
    this.#waiting += 1;
    return {
      ready,
      leave: () => {
        this.#waiting -= 1;
        end();
      },
    };
  }
}

/** Waits for `ready`. Rejects with `ERR_ABORTED` as soon as the signal aborts. */
export function waitOrAbort(ready: Promise<void>, signal: AbortSignal | null): Promise<void> {
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
