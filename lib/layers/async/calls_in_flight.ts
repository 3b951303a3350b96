import { whileHeld } from "../../backend/held_place.js";
import { expectedText } from "../../errors/messages.js";
import type { CarriedState } from "../state/carried_state.js";
import { CallOrder, type OrderedPlace, waitOrAbort } from "./call_order.js";

/** The asynchronous calls of one layer that have not ended. The calls of a stateful layer run one after the other. */
export class CallsInFlight {
  readonly #carried: CarriedState | null;
  readonly #order = new CallOrder();
  #count = 0;
  #free: (() => void) | null = null;

  constructor(carried: CarriedState | null) {
    this.#carried = carried;
  }

  /**
   * Throws `ERR_SHAPE` when an asynchronous call of `batch` rows does not fit the carried state. A call that must wait
   * for others is checked later, when its turn comes.
   */
  checkBatch(batch: number): void {
    if (this.#order.pending === 0) this.#carried?.checkBatch(batch);
  }

  /**
   * Throws `ERR_STATE` while asynchronous calls on a stateful layer are pending, because `method` may not overtake
   * them. `batch` is the number of rows of a synchronous call. When it does not fit the carried state, throws
   * `ERR_SHAPE`. `which` says in the message which layer it is.
   */
  requireNone(method: string, batch?: number, which = "layer"): void {
    if (this.#carried === null) return;
    const { pending } = this.#order;
    if (pending > 0) {
      throw expectedText(
        "ERR_STATE",
        method,
        `no asynchronous calls pending on the stateful ${which}`,
        `${pending} pending; await them first`,
      );
    }
    if (batch !== undefined) this.#carried.checkBatch(batch);
  }

  /**
   * Runs `compute`, a call of `batch` rows, when the earlier calls on a stateful layer have ended. Rejects with
   * `ERR_ABORTED` when the signal aborts while the call waits, and with `ERR_SHAPE` when the call does not fit the
   * state that the earlier calls left.
   */
  runInOrder<T>(batch: number, signal: AbortSignal | null, compute: () => Promise<T>): Promise<T> {
    const carried = this.#carried;
    if (carried === null) return this.runInFlight(compute);
    // This call takes its place in the order before anything is awaited.
    const takeTurn = () =>
      whileHeld(this.#order.takePlace(), async ({ ready }) => {
        await waitOrAbort(ready, signal);
        carried.checkBatch(batch);
        return await compute();
      });
    return this.runInFlight(takeTurn);
  }

  /**
   * Takes the place of a call that runs as a part of a greater one. The layer keeps its memory until the place is left,
   * and a stateful layer's later calls wait until then.
   */
  takePlace(): OrderedPlace {
    const place = this.#carried === null ? null : this.#order.takePlace();
    this.#count += 1;
    return {
      ready: place === null ? Promise.resolve() : place.ready,
      leave: () => {
        place?.leave();
        this.#leave();
      },
    };
  }

  /** Runs `work` and counts it as a call in flight. The layer keeps its memory until `work` has ended. */
  async runInFlight<T>(work: () => Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#free?.();
  }

  /** Calls `free` as soon as no call is in flight: now, or after the last call. */
  close(free: () => void): void {
    if (this.#count === 0) free();
    else this.#free = free;
  }
}
