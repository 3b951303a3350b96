import { type CallRequest, readCall } from "../../arguments/call.js";
import type { GRUOptions } from "../../arguments/constructor.js";
import { refuseAborted } from "../../arguments/signal.js";
import type { WarmUpSizes } from "../../arguments/warm_up.js";
import { PathChooser } from "../../backend/path_chooser.js";
import type { Dtype } from "../../keras/dtype_policy.js";
import type { VariableOwner } from "../../variables/variable.js";
import { AsyncCalls } from "../async/calls_in_flight.js";
import { keepOptions } from "../facts.js";
import type { CarriedState } from "../state/carried_state.js";
import { GRUStream } from "../state/stream.js";
import type { GRUWeights } from "../weights/gru_weights.js";
import { traceCall } from "./call_events.js";
import { type CallOutcome, CallRunner } from "./call_results.js";
import type { CustomActivations } from "./custom_activations.js";
import { DropoutGenerator } from "./dropout.js";
import { checkTransfer, takeInputs } from "./own_inputs.js";

/** What the parts of a layer ask of it. */
export interface LayerHost {
  readonly layer: {
    readonly name: string;
    readonly units: number;
    readonly compute_dtype: Dtype;
    readonly trainable: boolean;
  };
  readonly owner: VariableOwner;
  /** Of the layer's inputs; `null` before it is built. */
  features(): number | null;
  /** Builds the layer where it is not. Throws as `call`. */
  weightsFor(features: number): GRUWeights;
  /** The weights, for `what`. Throws `ERR_DISPOSED`, `ERR_STATE` inside a custom activation of the layer, `ERR_NOT_BUILT`. */
  builtWeights(what: string): GRUWeights;
}

/** The calls of one layer, from arguments to results. Disposal and the queue are the layer's. */
export class Calls {
  /** Those that have been submitted and have not ended. */
  readonly inFlight: AsyncCalls;
  readonly path: PathChooser;
  readonly dropout: DropoutGenerator;
  readonly #options: GRUOptions;
  readonly #carried: CarriedState | null;
  readonly #runner: CallRunner;
  readonly #custom: CustomActivations | null;
  readonly #host: LayerHost;

  constructor(options: GRUOptions, carried: CarriedState | null, custom: CustomActivations | null, host: LayerHost) {
    this.path = new PathChooser(options);
    this.#options = options;
    this.#carried = carried;
    this.#custom = custom;
    keepOptions(host.layer, options);
    this.dropout = new DropoutGenerator(host.layer, options);
    this.#runner = new CallRunner(options, carried, custom, host.owner);
    this.#host = host;
    this.inFlight = new AsyncCalls(this.#runner, carried, this.dropout);
  }

  /** Computes on this thread. Throws as `GRULayer.call`. */
  run(inputs: unknown, args: unknown): CallOutcome {
    const request = readCall(this.#options, this.#host.features(), inputs, args, false);
    // Functions of the caller's could detach what the kernels read.
    if (this.#options.custom) takeInputs(request);
    request.pathFlags = this.path.flagsFor(request);
    if (this.#carried !== null) {
      this.inFlight.requireNone("call");
      this.#carried.checkBatch(request.batch);
    }
    const trace = traceCall(this.#host.layer, request, false);
    return trace === null ? this.#compute(request) : trace.follow(() => this.#compute(request));
  }

  #compute(request: CallRequest): CallOutcome {
    const gru = this.#host.weightsFor(request.features).packed();
    return this.dropout.during(request, (draw) => this.#runner.run(gru, request, draw));
  }

  /** Computes on the executor's threads, in turn. Throws or rejects as `GRULayer.callAsync` rejects. */
  submit(inputs: unknown, args: unknown, signal: AbortSignal | null): Promise<CallOutcome> {
    const request = readCall(this.#options, this.#host.features(), inputs, args, true);
    // Reading the arguments may have run code of the caller's.
    refuseAborted(signal);
    checkTransfer(request);
    request.pathFlags = this.path.flagsFor(request);
    this.inFlight.checkBatch(request.batch);
    const weights = this.#host.weightsFor(request.features);
    const draw = this.dropout.drawFor(request);
    try {
      takeInputs(request);
    } catch (error) {
      if (draw !== null) this.dropout.release(draw);
      throw error;
    }
    const trace = traceCall(this.#host.layer, request, true);
    return this.inFlight.run({ weights, request, draw, signal, trace });
  }

  /** A stepper. Throws as `GRULayer.stream`. */
  stream(args: unknown): GRUStream {
    const weights = (what: string) => this.#host.builtWeights(what);
    return new GRUStream({ options: this.#options, custom: this.#custom, path: this.path, weights }, args);
  }

  /** Computes on zeros, on the path of such calls; `pathFlags` are those of `flagsFor`. */
  warmUp(weights: GRUWeights, sizes: WarmUpSizes, pathFlags: number): Promise<void> {
    const { features } = weights;
    return this.inFlight.hold(() => this.#runner.warmUp(weights.packed(), features, sizes, pathFlags));
  }
}
