import type { CallRequest } from "../arguments/call.js";
import type { GRUOptions } from "../arguments/constructor.js";
import { readForward } from "../arguments/forward.js";
import { allocate } from "../arguments/memory.js";
import { checkedProduct } from "../arguments/shapes.js";
import { refuseAborted } from "../arguments/signal.js";
import { requireKnown } from "../keras/unknown_objects.js";
import type { NativeArray, NativeCallArguments, NativeCustomActivation, NativeTape } from "../native.js";
import { lockedWhile } from "../variable.js";
import type { AsyncCalls } from "./async_calls.js";
import type { Calls, LayerHost } from "./calls.js";
import type { CustomActivations } from "./custom.js";
import { traceCall } from "./diagnostics.js";
import type { Draw, DropoutGenerator } from "./dropout.js";
import { activityOf, type WeightTerm, weightLosses, weightTerms } from "./gradients.js";
import { GRUPass, tensorOf } from "./pass.js";
import type { PathChooser } from "./path.js";
import { callFlags, cancellable } from "./run.js";
import type { CarriedState } from "./state.js";
import { checkTransfer, takeInputs } from "./transfer.js";

/** A pass, and the part of its losses that the layer keeps: the activity regularizer's. */
export interface ForwardOutcome {
  readonly pass: GRUPass;
  readonly losses: readonly number[];
}

/** The arrays of one forward computation, and how the addon takes them. */
interface Computation {
  readonly output: NativeArray;
  readonly state: NativeArray;
  readonly args: NativeCallArguments;
}

/** Runs the forward computations of one layer that keep what `backward` needs. Disposal and the queue are the layer's. */
export class Passes {
  readonly #options: GRUOptions;
  readonly #carried: CarriedState | null;
  readonly #inFlight: AsyncCalls;
  readonly #path: PathChooser;
  readonly #dropout: DropoutGenerator;
  readonly #custom: CustomActivations | null;
  readonly #host: LayerHost;
  readonly #flags: number;

  constructor(
    options: GRUOptions,
    carried: CarriedState | null,
    custom: CustomActivations | null,
    calls: Calls,
    host: LayerHost,
  ) {
    this.#options = options;
    this.#carried = carried;
    this.#inFlight = calls.inFlight;
    this.#path = calls.path;
    this.#dropout = calls.dropout;
    this.#custom = custom;
    this.#host = host;
    this.#flags = callFlags(options);
  }

  /** Computes on this thread. Throws as `GRULayer.forward`. */
  forward(inputs: unknown, args: unknown): ForwardOutcome {
    this.#requireLosses();
    const request = readForward(this.#options, this.#host.features(), inputs, args, false);
    // Functions of the caller's could detach what the kernels read.
    if (this.#custom !== null) takeInputs(request);
    request.pathFlags = this.#path.flagsFor(request);
    if (this.#carried !== null) {
      this.#inFlight.requireNone("forward");
      this.#carried.checkBatch(request.batch);
    }
    const compute = () => {
      const weights = this.#host.weightsFor(request.features);
      const terms = weightTerms(weights, this.#host.layer.trainable);
      return this.#dropout.during(request, (draw) => {
        const computation = this.#prepare(request, draw);
        const gru = weights.packed();
        const run = (custom: NativeCustomActivation | null) => gru.forward(...computation.args, custom);
        const tape = this.#custom === null ? run(null) : this.#custom.run(run);
        return this.#finish(tape, request, computation, terms);
      });
    };
    const trace = traceCall(this.#host.layer, request, false);
    return trace === null ? compute() : trace.follow(compute);
  }

  /** Computes on the executor's threads, in turn. Throws or rejects as `GRULayer.forwardAsync` rejects. */
  forwardAsync(inputs: unknown, args: unknown, signal: AbortSignal | null): Promise<ForwardOutcome> {
    this.#requireLosses();
    const request = readForward(this.#options, this.#host.features(), inputs, args, true);
    // Reading the arguments may have run code of the caller's.
    refuseAborted(signal);
    checkTransfer(request);
    request.pathFlags = this.#path.flagsFor(request);
    this.#inFlight.checkBatch(request.batch);
    const weights = this.#host.weightsFor(request.features);
    const terms = weightTerms(weights, this.#host.layer.trainable);
    const draw = this.#dropout.drawFor(request);
    try {
      takeInputs(request);
    } catch (error) {
      if (draw !== null) this.#dropout.release(draw);
      throw error;
    }
    const snapshot = weights.snapshot();
    const trace = traceCall(this.#host.layer, request, true);
    return this.#inFlight.inTurn({ request, draw, signal, trace }, async () => {
      const gru = weights.pack(snapshot);
      const computation = this.#prepare(request, draw);
      const started = trace === null ? 0 : performance.now();
      const tapes: NativeTape[] = [];
      try {
        await cancellable(signal, async (token) => tapes.push(await gru.forwardAsync(token, ...computation.args)));
      } catch (error) {
        // Aborted when the computation had ended already.
        tapes[0]?.dispose();
        throw error;
      }
      trace?.computed(0, performance.now() - started);
      return this.#finish(tapes[0] as NativeTape, request, computation, terms);
    });
  }

  /** Throws `ERR_UNSUPPORTED` where a loss of the pass cannot be computed, before anything changes. */
  #requireLosses(): void {
    const { activityRegularizer, kernelRegularizer, recurrentRegularizer, biasRegularizer, useBias } = this.#options;
    requireKnown(activityRegularizer);
    if (!this.#host.layer.trainable) return;
    requireKnown(kernelRegularizer, recurrentRegularizer, useBias ? biasRegularizer : null);
  }

  #prepare(request: CallRequest, draw: Draw | null): Computation {
    const { returnSequences, units, kernelDtype } = this.#options;
    const { inputs, batch, timesteps, initialState, mask, lengths } = request;
    const count = checkedProduct([batch, returnSequences ? timesteps : 1, units], "output");
    const output = allocate(kernelDtype, count, "output");
    const state =
      this.#carried === null
        ? allocate(kernelDtype, checkedProduct([batch, units], "state"), "state")
        : this.#carried.spare(batch);
    const before = initialState ?? this.#carried?.before(batch) ?? null;
    const flags = this.#flags | request.pathFlags;
    const input = draw === null ? null : draw.input;
    const recurrent = draw === null ? null : draw.recurrent;
    return {
      output,
      state,
      args: [inputs, output, state, before, mask, lengths, input, recurrent, batch, timesteps, flags],
    };
  }

  /** Nothing of the layer changes before everything that can fail is done. */
  #finish(
    tape: NativeTape,
    request: CallRequest,
    { output, state }: Computation,
    terms: readonly WeightTerm[],
  ): ForwardOutcome {
    const { returnSequences, units, computeDtype, kernelDtype, rounding } = this.#options;
    const { batch, timesteps, features } = request;
    try {
      const outputShape = returnSequences ? [batch, timesteps, units] : [batch, units];
      const stateShape = [batch, units];
      const [activity, losses] = lockedWhile(this.#host.owner, () => [
        activityOf(this.#options, output, outputShape, state, stateShape),
        weightLosses(terms),
      ]);
      const pass = new GRUPass({
        tape,
        dtype: computeDtype,
        kernelDtype,
        inputShape: [batch, timesteps, features],
        output: tensorOf(output, outputShape, computeDtype),
        // A carried state stays the layer's own.
        state: tensorOf(this.#carried === null || rounding !== null ? state : state.slice(), stateShape, computeDtype),
        losses: [...activity.losses, ...losses],
        activity,
        terms,
        custom: this.#custom,
      });
      this.#carried?.commit(batch, state);
      return { pass, losses: activity.losses };
    } catch (error) {
      tape.dispose();
      throw error;
    }
  }
}
