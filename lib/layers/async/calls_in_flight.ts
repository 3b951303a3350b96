import type { CallRequest } from "../../arguments/call.js";
import { leaveQueue } from "../../backend/call_queue.js";
import { expectedText } from "../../errors/messages.js";
import type { CallTrace } from "../call/call_events.js";
import type { CallOutcome, CallRunner } from "../call/call_results.js";
import type { Draw, DropoutGenerator } from "../call/dropout.js";
import type { CarriedState } from "../state/carried_state.js";
import type { GRUWeights } from "../weights/gru_weights.js";
import { Turns, waitFor } from "./turns.js";

/** An asynchronous call whose arguments have been read and whose memory is its own. */
export interface Submission {
  weights: GRUWeights;
  request: CallRequest;
  draw: Draw | null;
  signal: AbortSignal | null;
  trace: CallTrace | null;
}

/** What one layer has in flight: asynchronous calls, in order where the layer is stateful. */
export class AsyncCalls {
  readonly #runner: CallRunner;
  readonly #carried: CarriedState | null;
  readonly #dropout: DropoutGenerator;
  readonly #turns = new Turns();
  #inFlight = 0;
  #free: (() => void) | null = null;

  constructor(runner: CallRunner, carried: CarriedState | null, dropout: DropoutGenerator) {
    this.#runner = runner;
    this.#carried = carried;
    this.#dropout = dropout;
  }

  /** Throws `ERR_SHAPE` when a call of `batch` rows does not fit the carried state; a call that must wait is judged later. */
  checkBatch(batch: number): void {
    if (this.#turns.pending === 0) this.#carried?.checkBatch(batch);
  }

  /** Throws `ERR_STATE` while calls on a stateful layer are pending. */
  requireNone(what: string): void {
    const { pending } = this.#turns;
    if (pending === 0) return;
    throw expectedText(
      "ERR_STATE",
      what,
      "no asynchronous calls pending on a stateful layer",
      `${pending} pending; await them first`,
    );
  }

  /** Computes with the weights as they are now, when the calls before it have ended. Gives back the place in the queue. */
  run({ weights, request, draw, signal, trace }: Submission): Promise<CallOutcome> {
    const snapshot = weights.snapshot();
    return this.inTurn({ request, draw, signal, trace }, () =>
      this.#runner.runAsync(weights.pack(snapshot), request, draw, signal, trace),
    );
  }

  /** Runs `compute` when the calls before it have ended. Gives back the place in the queue. */
  inTurn<T>({ request, draw, signal, trace }: Omit<Submission, "weights">, compute: () => Promise<T>): Promise<T> {
    const turn = this.#carried === null ? null : this.#turns.enter();
    return this.hold(async () => {
      try {
        if (turn !== null) {
          await waitFor(turn.ready, signal);
          this.#carried?.checkBatch(request.batch);
        }
        trace?.begin();
        const outcome = await compute();
        if (draw !== null) this.#dropout.keep(draw);
        return outcome;
      } catch (error) {
        trace?.failed(error);
        throw error;
      } finally {
        if (draw !== null) this.#dropout.release(draw);
        turn?.leave();
        trace?.publish();
      }
    });
  }

  /** Runs `work` as a call in flight: the layer's memory stays until it has ended. Gives back the place in the queue. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#inFlight += 1;
    try {
      return await work();
    } finally {
      this.#inFlight -= 1;
      leaveQueue();
      if (this.#inFlight === 0) this.#free?.();
    }
  }

  /** Calls `free` when nothing is in flight: now, or after the last. */
  close(free: () => void): void {
    if (this.#inFlight === 0) free();
    else this.#free = free;
  }
}
