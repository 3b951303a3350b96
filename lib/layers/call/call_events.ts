import { channel } from "node:diagnostics_channel";
import { isAsynchronous } from "../../arguments/read_call.js";
import type { GRUError } from "../../errors/gru_error.js";
import type { Dtype } from "../../keras/dtype_policy.js";
import type { LayerParts } from "../layer_parts.js";
import { type PreparedCall, pathOf } from "./prepare_call.js";

/**
 * The event that the diagnostics channel `"cudnn-gru:call"` publishes when a call, synchronous or not, has ended:
 * computed, failed or aborted. A call that does not come to its computation publishes nothing: one that is refused for
 * its arguments, with `ERR_BUSY` or `ERR_DISPOSED`, or whose layer cannot be built.
 */
export interface CallEvent {
  /** The layer's name. */
  layer: string;
  /** The path that was chosen for the call. */
  path: "cudnn" | "cpu";
  /** The number of rows of the inputs. */
  batch: number;
  /** The number of timesteps of the inputs. */
  timesteps: number;
  /** The size of the inputs' last dimension. */
  features: number;
  /** The layer's `units`. */
  units: number;
  /** The dtype of the outputs. */
  dtype: Dtype;
  /** Whether the call was asynchronous. */
  async: boolean;
  /**
   * The milliseconds from the submission to the start of the computation, including the wait for earlier calls on a
   * stateful layer. 0 for a synchronous call; `null` when the computation did not finish.
   */
  queued: number | null;
  /** The milliseconds of the computation; `null` when it did not finish. */
  computed: number | null;
  /** The error that the call threw or was rejected with; absent when it succeeded. */
  error?: GRUError;
}

declare module "node:diagnostics_channel" {
  /** Subscribes to the calls of this package; the event is typed. */
  function subscribe(name: "cudnn-gru:call", onMessage: (event: CallEvent, name: string | symbol) => void): void;
  /** Ends the subscription of `onMessage`. */
  function unsubscribe(name: "cudnn-gru:call", onMessage: (event: CallEvent, name: string | symbol) => void): boolean;
}

const CHANNEL = channel("cudnn-gru:call");

/** Follows one call for the channel's subscribers. */
export class CallTrace {
  readonly #event: CallEvent;
  readonly #submitted = performance.now();
  #waited = 0;

  constructor(event: CallEvent) {
    this.#event = event;
  }

  /** Runs a synchronous call and publishes its event. */
  follow<T>(compute: () => T): T {
    try {
      const result = compute();
      this.computed(0, performance.now() - this.#submitted);
      return result;
    } catch (error) {
      this.failed(error);
      throw error;
    } finally {
      this.publish();
    }
  }

  /** Records that the call's turn has come. */
  begin(): void {
    this.#waited = performance.now() - this.#submitted;
  }

  /** Records that the computation has ended. Both times are milliseconds since `begin`. */
  computed(queued: number, computed: number): void {
    this.#event.queued = this.#waited + queued;
    this.#event.computed = computed;
  }

  failed(error: unknown): void {
    this.#event.error = error as GRUError;
  }

  /**
   * Passes the event to the subscribers. An error of a subscriber becomes an uncaught exception and never makes the
   * call fail.
   */
  publish(): void {
    CHANNEL.publish(this.#event);
  }
}

/** True when the channel has subscribers. */
export function isTraced(): boolean {
  return CHANNEL.hasSubscribers;
}

/** Returns a trace of a call, or `null` when the channel has no subscribers, so that no event is made. */
export function traceCall({ name, options }: LayerParts, call: PreparedCall): CallTrace | null {
  if (!isTraced()) return null;
  const { batch, timesteps, features } = call;
  return new CallTrace({
    layer: name,
    path: pathOf(call),
    batch,
    timesteps,
    features,
    units: options.units,
    dtype: options.computeDtype,
    async: isAsynchronous(call.method),
    queued: null,
    computed: null,
  });
}
