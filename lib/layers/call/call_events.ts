import { channel } from "node:diagnostics_channel";
import type { GRUError } from "../../errors/gru_error.js";
import type { Dtype } from "../../keras/dtype_policy.js";
import type { LayerParts } from "../layer_parts.js";
import { isAsynchronous, type PreparedCall, pathOf } from "./prepare_call.js";

/**
 * What the diagnostics channel `"cudnn-gru:call"` publishes once a call, synchronous or not, has ended: computed, failed
 * or aborted. A call that is refused for its arguments, or with `ERR_BUSY` or `ERR_DISPOSED`, publishes nothing.
 */
export interface CallEvent {
  /** The layer's name. */
  layer: string;
  /** The path on which the call was to be computed. */
  path: "cudnn" | "cpu";
  /** Rows of the inputs. */
  batch: number;
  /** Timesteps of the inputs. */
  timesteps: number;
  /** Size of the inputs' last dimension. */
  features: number;
  /** The layer's `units`. */
  units: number;
  /** Of the outputs. */
  dtype: Dtype;
  /** Whether it was `callAsync`. */
  async: boolean;
  /**
   * Milliseconds from the submission to the start of the computation, the wait for earlier calls on a stateful layer
   * included; 0 for a synchronous call, `null` when the computation did not come to its end.
   */
  queued: number | null;
  /** Milliseconds of computation; `null` when it did not come to its end. */
  computed: number | null;
  /** What the call threw or was rejected with. */
  error?: GRUError;
}

declare module "node:diagnostics_channel" {
  /** Subscribes to the calls of this package; the event is typed. */
  function subscribe(name: "cudnn-gru:call", onMessage: (event: CallEvent, name: string | symbol) => void): void;
  /** Takes back such a subscription. */
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

  /** Runs a synchronous call, and publishes. */
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

  /** The call's turn has come. */
  begin(): void {
    this.#waited = performance.now() - this.#submitted;
  }

  /** The computation has ended; milliseconds since `begin`. */
  computed(queued: number, computed: number): void {
    this.#event.queued = this.#waited + queued;
    this.#event.computed = computed;
  }

  failed(error: unknown): void {
    this.#event.error = error as GRUError;
  }

  /** Hands the event to the subscribers; what they throw becomes an uncaught exception, never the call's failure. */
  publish(): void {
    CHANNEL.publish(this.#event);
  }
}

/** A trace of a call, or `null` when nobody listens: then nothing is built. */
export function traceCall({ name, options }: LayerParts, call: PreparedCall): CallTrace | null {
  if (!CHANNEL.hasSubscribers) return null;
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
