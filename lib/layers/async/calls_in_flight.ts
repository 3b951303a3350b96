import { expectedText } from "../../errors/messages.js";
import type { CarriedState } from "../state/carried_state.js";
import { Turns, waitFor } from "./turns.js";

/** The asynchronous calls of one layer that have not ended. On a stateful layer they run one after the other. */
export class CallsInFlight {
  readonly #carried: CarriedState | null;
  readonly #turns = new Turns();
  #count = 0;
  #free: (() => void) | null = null;

  constructor(carried: CarriedState | null) {
    this.#carried = carried;
  }

  /**
   * Throws `ERR_SHAPE` when an asynchronous call of `batch` rows does not fit the carried state. A call that must wait for
   * others is judged when its turn comes.
   */
  checkBatch(batch: number): void {
    if (this.#turns.pending === 0) this.#carried?.checkBatch(batch);
  }

  /**
   * Throws `ERR_STATE` while calls on a stateful layer are pending, which `method` may not overtake. With `batch`, the rows of
   * a synchronous call, throws `ERR_SHAPE` when they do not fit the carried state.
   */
  requireNone(method: string, batch?: number): void {
    if (this.#carried === null) return;
    const { pending } = this.#turns;
    if (pending > 0) {
      throw expectedText(
        "ERR_STATE",
        method,
        "no asynchronous calls pending on a stateful layer",
        `${pending} pending; await them first`,
      );
    }
    if (batch !== undefined) this.#carried.checkBatch(batch);
  }

  /**
   * Runs `compute`, a call of `batch` rows, when the calls before it on a stateful layer have ended. Rejects with
   * `ERR_ABORTED` when the signal aborts while the call waits, and with `ERR_SHAPE` when it does not fit the state that it finds.
   */
  inTurn<T>(batch: number, signal: AbortSignal | null, compute: () => Promise<T>): Promise<T> {
    const carried = this.#carried;
    if (carried === null) return this.hold(compute);
    return this.hold(async () => {
      // The place in the order is taken before anything is awaited.
      using turn = this.#turns.enter();
      await waitFor(turn.ready, signal);
      carried.checkBatch(batch);
      return await compute();
    });
  }

  /** Runs `work` as a call in flight: the layer's memory stays until it has ended. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      return await work();
    } finally {
      this.#count -= 1;
      if (this.#count === 0) this.#free?.();
    }
  }

  /** Calls `free` when nothing is in flight: now, or after the last call. */
  close(free: () => void): void {
    if (this.#count === 0) free();
    else this.#free = free;
  }
}
