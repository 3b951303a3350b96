import {
  type CompositeUpstream,
  type ReadCompositeUpstream,
  type ResultSettings,
  readCompositeUpstream,
} from "../../arguments/read_composite.js";
import type { BackwardAsyncArguments } from "../../arguments/read_forward.js";
import { refuseAborted } from "../../arguments/signal.js";
import { AsyncPlace } from "../../backend/async_limit.js";
import { whileHeld } from "../../backend/held_place.js";
import { disposed } from "../../errors/layer_errors.js";
import { expectedText } from "../../errors/messages.js";
import type { DtypeName } from "../../keras/dtype_policy.js";
import type { NativeArray } from "../../native/arrays.js";
import { printAsText } from "../../tensor/print_as_text.js";
import type { FloatArray, Tensor } from "../../tensor/tensor.js";
import { notAsynchronous } from "../call/custom_activations.js";
import { readBackwardSignal, tensorOf } from "../gradients/pass.js";
import { addWeightGradients, type PassWeight, scaledSum } from "../gradients/pass_losses.js";
import type { ResultTensor, WeightTensor } from "../result_types.js";
import { allLockedWhile, type Composite, firstStage, hasCustomActivations } from "./composite.js";
import type { BackwardComputation, ComputedGradients, StageGradients } from "./computed.js";
import type { StageActivity } from "./losses.js";

/**
 * The gradient of `sum(upstream * outputs) + sum(losses)` with respect to every array that a pass of several layers was
 * computed from.
 */
export interface CompositeGradients<D extends DtypeName = DtypeName> {
  /** The gradient of the inputs, (batch, timesteps, features), in the `compute_dtype` of the first layer. */
  inputs: ResultTensor<D>;
  /** The gradients of the initial states, (batch, units) each, in the order of the pass's `states`. */
  initial_state: ResultTensor[];
  /** The gradients of the weights, in the order, shapes and dtypes of `weights`. */
  weights: WeightTensor[];
}

/** The parts that a pass of several layers is made of. */
export interface CompositePassParts {
  readonly composite: Composite;
  readonly backward: BackwardComputation;
  readonly inputShape: readonly number[];
  /** One output, or two with `merge_mode: null`. */
  readonly outputs: readonly Tensor<FloatArray>[];
  readonly states: readonly Tensor<FloatArray>[];
  readonly losses: readonly number[];
  readonly activities: readonly StageActivity[];
  /** The weights of each half. */
  readonly weights: readonly (readonly PassWeight[])[];
}

/**
 * A forward computation of several layers that has kept everything that `backward` needs, until `backward` or
 * `dispose`. Later calls and changes of the layers, including their `dispose`, do not affect it.
 *
 * `O` is the type of the output: a tensor, or a list of two with `merge_mode: null`. `D` is the dtype of the inputs'
 * gradient.
 */
export class CompositePass<O = Tensor<FloatArray> | Tensor<FloatArray>[], D extends DtypeName = DtypeName> {
  /** The output, as `call` returns it. */
  readonly output: O;
  /** The last states of all GRUs, (batch, units) each: layers in order, forward before backward. */
  readonly states: ResultTensor[];
  /** The losses after this pass: first those of the activity regularizers, then those of the weights. */
  readonly losses: number[];
  readonly #parts: CompositePassParts;
  readonly #outputs: readonly ResultSettings[];
  readonly #states: readonly ResultSettings[];
  #used = false;
  #running = false;
  #disposed = false;

  /**
   * Only `forward` makes passes.
   *
   * @internal
   */
  constructor(parts: CompositePassParts) {
    const { outputs, states } = parts;
    this.output = (outputs.length === 1 ? outputs[0] : [...outputs]) as O;
    this.states = [...states];
    this.losses = [...parts.losses];
    this.#parts = parts;
    this.#outputs = outputs.map(settingsOf);
    this.#states = states.map(settingsOf);
  }

  /**
   * Returns the gradient of `sum(upstream.output * output) + sum(upstream.states * states) + upstream.losses *
   * sum(losses)`. It can be called once, because it uses up and frees the memory that the pass has kept.
   *
   * Throws the errors of `GRUPass.backward`.
   */
  backward(upstream?: CompositeUpstream | null): CompositeGradients<D> {
    const { composite, backward } = this.#parts;
    for (const { custom } of composite.halves) custom?.requireFree("backward");
    this.#requireFresh();
    const read = readCompositeUpstream(upstream, this.#outputs, this.#states, hasCustomActivations(composite));
    this.#requireFresh();
    this.#used = true;
    try {
      const run = () => backward.run(this.#gradientsOf(read));
      const computed = hasCustomActivations(composite) ? allLockedWhile(composite, run) : run();
      return this.#finish(computed, read.losses);
    } finally {
      backward.dispose();
    }
  }

  /**
   * Computes as `backward` does, off this thread. The gradients are copied before this method returns.
   *
   * Never throws. Rejects with the errors of `GRUPass.backwardAsync`.
   */
  async backwardAsync(
    upstream?: CompositeUpstream | null,
    args?: BackwardAsyncArguments | null,
  ): Promise<CompositeGradients<D>> {
    const { composite, backward } = this.#parts;
    const signal = readBackwardSignal(args);
    refuseAborted(signal);
    if (hasCustomActivations(composite)) throw notAsynchronous("backwardAsync");
    this.#requireFresh();
    const read = readCompositeUpstream(upstream, this.#outputs, this.#states, true);
    // Reading the gradients may have run user code.
    refuseAborted(signal);
    this.#requireFresh();
    const place = new AsyncPlace("backwardAsync");
    this.#used = true;
    this.#running = true;
    return await whileHeld(place, async () => {
      try {
        return this.#finish(await backward.runAsync(this.#gradientsOf(read), signal), read.losses);
      } finally {
        this.#running = false;
        backward.dispose();
      }
    });
  }

  /**
   * Frees the memory that the pass has kept, after a running `backwardAsync` has ended. Output, states and losses stay.
   * Idempotent.
   */
  dispose(): void {
    this.#disposed = true;
    // A running computation still needs the memory of the layers that it has not come to.
    if (!this.#running) this.#parts.backward.dispose();
  }

  /** Calls `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Returns a description: the shapes of the results, and whether `backward` can be called. */
  toString(): string {
    const condition = this.#disposed ? "disposed" : this.#used ? "used" : "fresh";
    const list = (results: readonly ResultSettings[]) => results.map(({ shape }) => `[${shape.join(", ")}]`).join(", ");
    const shapes = `output ${list(this.#outputs)}, states ${list(this.#states)}`;
    return `CompositePass of "${this.#parts.composite.name}", ${condition}: ${shapes}, ${this.losses.length} losses`;
  }

  /** Returns the gradients that come from outside of each stage: the upstream ones, and those of the losses. */
  #gradientsOf(read: ReadCompositeUpstream): StageGradients[] {
    const { composite, activities } = this.#parts;
    let first = 0;
    return composite.stages.map((stage, index) => {
      const { outputs, gradients } = activities[index] as StageActivity;
      const isLast = index === composite.stages.length - 1;
      const own = first;
      first += stage.halves.length;
      return {
        outputs: outputs.map((gradient, at) =>
          scaledSum(gradient, read.losses, isLast ? (read.outputs[at] ?? null) : null),
        ),
        halves: gradients.map(({ output, state }, at) => ({
          output: scaledSum(output, read.losses, null),
          state: scaledSum(state, read.losses, read.states[own + at] ?? null),
        })),
      };
    });
  }

  #finish({ inputs, halves }: ComputedGradients, losses: number): CompositeGradients<D> {
    const { composite, inputShape, weights } = this.#parts;
    const weightGradients = halves.flatMap((half, index) => {
      const own = weights[index] as readonly PassWeight[];
      addWeightGradients(half.weights, own, losses);
      return own.map(({ shape, dtype }, at) => tensorOf(half.weights[at] as NativeArray, shape, dtype));
    });
    return {
      inputs: tensorOf(inputs, inputShape, firstStage(composite).dtype) as ResultTensor<D>,
      initial_state: halves.map(({ initialState }, index) => {
        const { shape, dtype } = this.#states[index] as ResultSettings;
        return tensorOf(initialState, shape, dtype);
      }),
      weights: weightGradients,
    };
  }

  #requireFresh(): void {
    if (this.#disposed) throw disposed("pass", "backward");
    if (!this.#used) return;
    throw expectedText("ERR_STATE", "backward", "a fresh pass", "one whose gradients were computed already", {
      remedy: "Call forward() again.",
    });
  }
}

printAsText(CompositePass);

function settingsOf({ shape, dtype }: Tensor<FloatArray>): ResultSettings {
  return { shape: [...shape], dtype: dtype as ResultSettings["dtype"] };
}
