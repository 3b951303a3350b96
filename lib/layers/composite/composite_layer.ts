import type { WeightValue } from "../../arguments/known_shape.js";
import type { StateLike } from "../../arguments/read_call.js";
import type {
  CompositeCallArguments,
  CompositeCallAsyncArguments,
  CompositeForwardArguments,
  CompositeForwardAsyncArguments,
} from "../../arguments/read_composite.js";
import { readWarmUp, type WarmUpSizes } from "../../arguments/read_warm_up.js";
import { readInputShape } from "../../arguments/shapes.js";
import type { ExplainArguments } from "../../backend/explain.js";
import { expected, expectedText } from "../../errors/messages.js";
import type { DtypeName } from "../../keras/dtype_policy.js";
import type { TensorLike } from "../../tensor/tensor.js";
import { requireUnlocked } from "../../variables/variable.js";
import { warmUp } from "../async/warm_up.js";
import type { PartialShape, ResultTensor, StateTensor, WeightTensor, WeightVariable } from "../result_types.js";
import { zeroState } from "../state/carried_state.js";
import { buildAll, fittingFeatures } from "./build.js";
import { callComposite, callCompositeAsync } from "./calls.js";
import { carriedStates, resetStates } from "./carried_states.js";
import {
  builtFeatures,
  type Composite,
  lastStage,
  outputShapes,
  outputWidths,
  ownersOf,
  requireAlive,
  requireFree,
  requireNonePending,
  returnsSequences,
} from "./composite.js";
import type { CompositePass } from "./composite_pass.js";
import {
  copiesOfWeights,
  requireAllBuilt,
  setAllWeights,
  trainedVariablesOf,
  variablesOf,
} from "./composite_weights.js";
import { type CompositeExplanation, explainComposite } from "./explain.js";
import type { CompositeOutcome } from "./finish.js";
import { forwardComposite, forwardCompositeAsync } from "./forward.js";
import { currentLosses } from "./losses.js";
import { disposeStack } from "./native_stack.js";
import { requireAsynchronous } from "./submit.js";
import type { MasksOf, ShapesOf } from "./wrapper_types.js";

/** Returns the composite of a Bidirectional or a GRUStack, for the rest of this package. */
export let compositeOf: (layer: unknown) => Composite | undefined;

/**
 * The methods that `Bidirectional` and `GRUStack` have in common. `R` is the type of a call's results, `O` that of the
 * output alone, and `D` the dtype of the first layer.
 */
export class CompositeLayer<R, O, D extends DtypeName = DtypeName> {
  /** Keras's `name`. */
  readonly name: string;
  readonly #composite: Composite;

  static {
    compositeOf = (layer) => (isObject(layer) && #composite in layer ? layer.#composite : undefined);
  }

  /** @internal */
  constructor(composite: Composite) {
    this.name = composite.name;
    this.#composite = composite;
  }

  /**
   * Whether `weights` are trainable and their regularizers' losses are counted. Setting it sets the `trainable` of every
   * layer inside.
   */
  get trainable(): boolean {
    return this.#composite.owner.trainable;
  }

  set trainable(value: boolean) {
    if (typeof value !== "boolean") throw expected("ERR_ARGUMENT", "trainable", "true or false", value);
    const owners = ownersOf(this.#composite);
    for (const owner of owners) requireUnlocked(owner, "trainable");
    for (const owner of owners) owner.trainable = value;
  }

  /** Whether every GRU inside has weights. They have them after `build` or the first call. */
  get built(): boolean {
    return this.#composite.halves.every(({ weights }) => weights.current !== null);
  }

  /**
   * Computes on this thread and the pool's threads, and returns the results: the output (two with `merge_mode: null`)
   * and, with `return_state`, the last states of all GRUs, layers in order, forward before backward.
   *
   * `inputs` are (batch, timesteps, features) with at least one timestep. The mask goes to every layer as in a Keras
   * Sequential model: a layer that goes backwards does not reverse it.
   *
   * Throws the errors of `GRU.call`. No layer has changed then.
   */
  call(inputs: TensorLike, args?: CompositeCallArguments | null): R {
    return resultOf<R>(callComposite(this.#composite, inputs, args));
  }

  /**
   * Computes as `call` does, off this thread, with the rules of `GRU.callAsync`. The call computes with the weights that
   * the layers have now. Calls that have a stateful layer in common run in order.
   *
   * Never throws. Rejects with the errors of `GRU.callAsync`. No layer has changed then.
   */
  async callAsync(inputs: TensorLike, args?: CompositeCallAsyncArguments | null): Promise<R> {
    return resultOf<R>(await callCompositeAsync(this.#composite, inputs, args));
  }

  /**
   * Computes as `call` does, and keeps everything that the gradients need: see `CompositePass`. Only the argument
   * `training` turns dropout on. Throws the errors of `call`.
   */
  forward(inputs: TensorLike, args?: CompositeForwardArguments | null): CompositePass<O, D> {
    return forwardComposite(this.#composite, inputs, args) as CompositePass<O, D>;
  }

  /** Computes as `forward` does, off this thread, with the rules of `callAsync`. Never throws, but rejects. */
  async forwardAsync(inputs: TensorLike, args?: CompositeForwardAsyncArguments | null): Promise<CompositePass<O, D>> {
    return (await forwardCompositeAsync(this.#composite, inputs, args)) as CompositePass<O, D>;
  }

  /**
   * Prepares for calls of this batch size and number of timesteps, as `GRU.warmUp` does for each GRU inside. Never
   * throws. Rejects with the errors of `GRU.warmUp`.
   */
  async warmUp(sizes: WarmUpSizes): Promise<void> {
    requireAsynchronous(this.#composite, "warmUp");
    const read = readWarmUp(sizes);
    requireAllBuilt(this.#composite, "warmUp");
    for (const half of this.#composite.halves) await warmUp(half, read);
  }

  /**
   * Always throws `ERR_UNSUPPORTED`, and says why: the backward half of a Bidirectional starts with the last frame, and
   * the layers of a stack have a stream each.
   */
  stream(): never {
    const twoWays = this.#composite.stages.find(({ halves }) => halves.length === 2);
    throw expectedText(
      "ERR_UNSUPPORTED",
      "stream",
      "a GRU",
      twoWays === undefined
        ? "a stack. Each of its GRUs has a stream of its own: push what one returns to the next"
        : `"${twoWays.name}", whose backward half starts with the last frame of the sequence`,
    );
  }

  /** Returns the path that each GRU inside takes in a call with these arguments, and every requirement for cuDNN. */
  explain(args?: ExplainArguments | null): CompositeExplanation {
    return explainComposite(this.#composite, args);
  }

  /**
   * Creates the weights for inputs of shape `[batch, timesteps, features]`, of which batch and timesteps may be `null`.
   * With a batch, the states of stateful layers become zeros of that batch size. Building again for the same features
   * keeps the weights.
   *
   * Throws the errors of `GRU.build`, and `ERR_SHAPE` when a layer was built for other features than the layer before it
   * returns.
   */
  build(inputShape: readonly (number | null)[]): void {
    requireFree(this.#composite, "build");
    const [batch, , features] = readInputShape(inputShape, "input_shape");
    const own = fittingFeatures(this.#composite, features, "input_shape");
    requireNonePending(this.#composite, "build");
    buildAll(this.#composite, own);
    const { halves } = this.#composite;
    for (const { carried } of halves) {
      if (batch === null) carried?.clear();
      else carried?.start(batch);
    }
  }

  /**
   * The weights of all GRUs, layers in order, forward before backward: kernel, recurrent kernel and, with `use_bias`,
   * bias of each. A GRU has none before it is built.
   */
  get weights(): WeightVariable[] {
    return variablesOf(this.#composite) as WeightVariable[];
  }

  /** The weights that training changes: those of all GRUs that are trainable. */
  get trainable_weights(): WeightVariable[] {
    return trainedVariablesOf(this.#composite) as WeightVariable[];
  }

  /** Returns copies of the weights, in the order of `weights`. */
  getWeights(): WeightTensor[] {
    return copiesOfWeights(this.#composite) as WeightTensor[];
  }

  /**
   * Sets all weights, in the order of `weights`, with the rules of `GRU.setWeights`.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`, and then no weight has changed; `ERR_NOT_BUILT`; `ERR_DISPOSED`.
   */
  setWeights(weights: readonly WeightValue[]): void {
    setAllWeights(this.#composite, weights);
  }

  /** Returns the number of elements of all weights. Throws `ERR_NOT_BUILT` before every GRU inside is built. */
  countParams(): number {
    return requireAllBuilt(this.#composite, "countParams").reduce((sum, weights) => sum + weights.count(), 0);
  }

  /**
   * The losses: first those of the activity regularizers for the last call, layer by layer (a Bidirectional's own, then
   * its forward half's, then its backward half's), and then those of the current weights. Throws `ERR_UNSUPPORTED` for
   * a regularizer that is only known from a config.
   */
  get losses(): number[] {
    requireAlive(this.#composite);
    return currentLosses(this.#composite);
  }

  /**
   * Copies of the carried states, one for each GRU, with `null` for a GRU that is not stateful. `null` when no states are
   * carried, or none yet.
   */
  get states(): (StateTensor | null)[] | null {
    return carriedStates(this.#composite) as (StateTensor | null)[] | null;
  }

  /**
   * Sets the carried states of the stateful GRUs to copies of `states`, a list with one (batch, units) state for each
   * GRU, and `null` for a GRU that is not stateful. Without `states` sets them to zeros, and the next call may then have
   * another batch size.
   *
   * Throws the errors of `GRU.resetState`. No state has changed then.
   */
  resetState(states?: readonly (StateLike | null)[] | null): void {
    resetStates(this.#composite, states);
  }

  /** Returns zeros of shape (batch, units), one for each GRU. It is a list that `initial_state` takes. */
  getInitialState(batch: number): ResultTensor[] {
    return this.#composite.halves.map(({ options }) => zeroState(batch, options) as ResultTensor);
  }

  /** Returns the shapes of a call's results, for inputs of shape `[batch, timesteps, features]`. Throws `ERR_SHAPE`. */
  computeOutputShape(inputShape: readonly (number | null)[]): ShapesOf<R> {
    const [batch, timesteps, features] = readInputShape(inputShape, "input_shape");
    fittingFeatures(this.#composite, features, "input_shape");
    const outputs: PartialShape[] = outputShapes(lastStage(this.#composite), batch, timesteps);
    const states = this.#composite.halves.map(({ options }): PartialShape => [batch, options.units]);
    return oneOrAll(this.#composite.returnState ? [...outputs, ...states] : outputs) as ShapesOf<R>;
  }

  /** Returns the masks of a call's results: `mask` itself for an output with every timestep, otherwise `null`. */
  computeMask<M>(mask: M | null): MasksOf<M, R> {
    const last = lastStage(this.#composite);
    const outputs = outputWidths(last).map(() => (returnsSequences(last) ? mask : null));
    const states = this.#composite.returnState ? this.#composite.halves.map(() => null) : [];
    return oneOrAll([...outputs, ...states]) as MasksOf<M, R>;
  }

  /**
   * Disposes all layers inside: refuses new calls, also of these layers alone, and frees native memory when the last
   * running call has ended. Idempotent.
   */
  dispose(): void {
    const { halves, stages } = this.#composite;
    const alive = halves.filter(({ weights }) => !weights.isDisposed);
    for (const { owner } of alive) requireUnlocked(owner, "dispose");
    for (const { weights, inFlight } of alive) {
      weights.dispose();
      inFlight.close(() => weights.free());
    }
    this.#composite.isDisposed = true;
    for (const stage of stages) stage.isDisposed = stage.halves.length > 1;
    disposeStack(this.#composite);
  }

  /** Calls `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Returns a description: name, layers, the shapes of inputs and results, and whether the layer has weights. */
  toString(): string {
    const composite = this.#composite;
    const isDisposed = composite.halves.some(({ weights }) => weights.isDisposed);
    const inside = composite.halves.map(({ name, options }) => `${name} (${options.units})`).join(", ");
    const list = (shape: readonly unknown[]) => `[${shape.join(", ")}]`;
    const leading = ["batch", "timesteps"];
    const last = lastStage(composite);
    const outputs = outputWidths(last).map((width) =>
      list([...(returnsSequences(last) ? leading : leading.slice(0, 1)), width]),
    );
    const states = composite.returnState ? composite.halves.map(({ options }) => list(["batch", options.units])) : [];
    const inputs = list([...leading, builtFeatures(composite) ?? "features"]);
    const condition = isDisposed ? ", disposed" : this.built ? "" : ", not built";
    const results = [...outputs, ...states].join(", ");
    return `${this.constructor.name} ${JSON.stringify(this.name)} of ${inside}: ${inputs} → ${results}${condition}`;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function resultOf<R>(outcome: CompositeOutcome): R {
  return oneOrAll(outcome) as R;
}

/** Returns the only item of a list of one, or a copy of the list. */
function oneOrAll<T>(list: readonly T[]): T | T[] {
  return list.length === 1 ? (list[0] as T) : [...list];
}
