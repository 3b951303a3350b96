import type * as tfjs from "@tensorflow/tfjs";
import { expected, expectedText } from "../../arguments/messages.js";
import { GRUError } from "../../errors.js";
import { GRU as CoreGRU } from "../../index.js";
import { argumentsOfConfig, type GRULayerArgs, type LayerParts, readArguments } from "./arguments.js";
import { activationName, toTfjs } from "./names.js";
import { compute, isRecording, view } from "./passes.js";
import { tf } from "./peer.js";
import { initializerOf, lossOf, projected } from "./rules.js";

type Shape = (number | null)[];
type Kwargs = Record<string, unknown>;
type Inputs = tfjs.Tensor | tfjs.Tensor[];
type SymbolicInputs = tfjs.SymbolicTensor | tfjs.SymbolicTensor[];

/** How the arguments of this layer's `getConfig` are called in this package's. */
const RULES = ["kernel", "recurrent", "bias"] as const;

/**
 * Keras's GRU as a layer of tfjs, computed by this package: forward and backward, on the path that this package chooses.
 * Inputs are (batch, timesteps, features); the output is (batch, units), or (batch, timesteps, units) with `returnSequences`;
 * with `returnState` a list of it and the state, (batch, units). Everything is float32. Weights are tfjs's variables, in
 * Keras's layout: kernel, recurrent_kernel, bias.
 *
 * It computes synchronously, as tfjs's gradients must be.
 */
export class GRU extends tf.layers.Layer {
  /** @nocollapse */
  static className = "GRU";

  /** Whether the output is that of all timesteps. */
  readonly returnSequences: boolean;
  /** Whether calls give the state too. */
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  readonly units: number;
  readonly #core: CoreGRU<true>;
  readonly #rules: LayerParts["rules"];
  readonly #activityRegularizer: LayerParts["activityRegularizer"];
  /** What each weight's values were when `#core` got them. */
  #known: object[] = [];
  #variables: tfjs.LayerVariable[] = [];

  /** Throws a `GRUError` for bad arguments, as this package's own layer does. */
  constructor(args: GRULayerArgs) {
    const { base, core, returnState, rules, activityRegularizer } = readArguments(args);
    super(base as never);
    this.#core = new CoreGRU({ ...core, name: this.name });
    this.#rules = rules;
    this.#activityRegularizer = activityRegularizer;
    const { return_sequences, go_backwards, stateful } = this.#core.getConfig();
    this.units = this.#core.units;
    this.returnSequences = return_sequences as boolean;
    this.goBackwards = go_backwards as boolean;
    this.returnState = returnState;
    this._stateful = stateful as boolean;
    this.supportsMasking = true;
    this.inputSpec = [{ ndim: 3 }];
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    const [batch, timesteps] = firstShape(inputShape) as [number | null, number | null];
    const output = this.returnSequences ? [batch, timesteps, this.units] : [batch, this.units];
    return this.returnState ? [output, [batch, this.units]] : output;
  }

  override computeMask(_inputs: Inputs, mask?: Inputs): Inputs {
    const given = (Array.isArray(mask) ? mask[0] : mask) ?? null;
    const output = this.returnSequences ? given : null;
    return (this.returnState ? [output, null] : output) as Inputs;
  }

  override build(inputShape: Shape | Shape[]): void {
    const [batch, , features] = firstShape(inputShape);
    if (typeof features !== "number") {
      throw expectedText("ERR_SHAPE", "inputShape", "a known number of features", JSON.stringify(inputShape));
    }
    if (this.stateful && typeof batch !== "number") {
      throw expectedText(
        "ERR_SHAPE",
        "batchInputShape",
        "a known batch size (the layer is stateful)",
        JSON.stringify(inputShape),
      );
    }
    this.#core.build([this.stateful ? (batch as number) : null, null, features]);
    const initial = this.#core.getWeights();
    this.#variables = this.#core.weights.map(({ name, shape }, index) => {
      const { regularizer } = this.#rules[index] as LayerParts["rules"][number];
      const initializer = initializerOf(initial[index]?.data as Float32Array) as never;
      // Not its constraint: tfjs would project weights that are loaded, and not those that are trained.
      const variable = this.addWeight(name, shape, "float32", initializer);
      // As in Keras, weights that are not trainable cost nothing.
      if (regularizer !== null) {
        this.addLoss(() => (this.trainable ? lossOf(regularizer, variable.read()) : tf.scalar(0)));
      }
      return variable;
    });
    this.inputSpec[0] = { shape: [this.stateful ? batch : null, null, features] as number[] };
    this.built = true;
  }

  /**
   * As of every layer; the initial state, (batch, units), is a second input, or `initialState` of `kwargs`.
   *
   * Throws a `GRUError` for an initial state or a mask that does not fit.
   */
  override apply(inputs: Inputs, kwargs?: Kwargs): Inputs;
  override apply(inputs: SymbolicInputs, kwargs?: Kwargs): SymbolicInputs;
  override apply(inputs: Inputs | SymbolicInputs, kwargs?: Kwargs): Inputs | SymbolicInputs;
  override apply(inputs: Inputs | SymbolicInputs, kwargs: Kwargs = {}): Inputs | SymbolicInputs {
    // A list says all there is: tfjs hands the `kwargs` of one layer on to the next.
    const given = Array.isArray(inputs) ? inputs.slice(1) : [kwargs.initialState ?? []].flat();
    const sequence = Array.isArray(inputs) ? inputs[0] : inputs;
    if (given.length > 1) {
      throw expectedText("ERR_ARGUMENT", "initialState", "one state, [batch, units]", `${given.length} of them`);
    }
    const [state] = given;
    const { initialState: _, ...others } = kwargs;
    if (!(state instanceof tf.SymbolicTensor)) {
      // A model's inputs are a list. Where the next layer's have no mask, tfjs would leave it this one's.
      if (Array.isArray(inputs)) delete kwargs.mask;
      return super.apply(sequence as tfjs.Tensor, { ...others, initialState: state });
    }
    // tfjs checks the inputs against this, before and after it calls `build`.
    this.inputSpec = [this.inputSpec[0] as tfjs.InputSpec, { shape: [null, this.units] as unknown as number[] }];
    try {
      return super.apply([sequence, state] as tfjs.SymbolicTensor[], others);
    } finally {
      this.inputSpec = this.inputSpec.slice(0, 1);
    }
  }

  override call(inputs: Inputs, kwargs: Kwargs = {}): Inputs {
    return tf.tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      if (this.#activityRegularizer !== null && isRecording()) {
        const message =
          "Expected no `activityRegularizer` for training but received one: tfjs has no losses of activities.";
        throw new GRUError("ERR_UNSUPPORTED", message);
      }
      const [sequence, second] = Array.isArray(inputs) ? inputs : [inputs];
      const state = second ?? kwargs.initialState ?? null;
      if (state !== null && !(state instanceof tf.Tensor)) {
        throw expected("ERR_ARGUMENT", "initialState", "a tensor [batch, units]", state);
      }
      const mask = (Array.isArray(kwargs.mask) ? kwargs.mask[0] : kwargs.mask) ?? null;
      const [output, last] = compute({
        gru: this.#core,
        inputs: tf.cast(sequence as tfjs.Tensor, "float32"),
        initialState: state === null ? null : tf.cast(state, "float32"),
        weights: this.#currentWeights(),
        mask: mask as tfjs.Tensor | null,
        training: kwargs.training === true,
      });
      return this.returnState ? [output, last] : output;
    });
  }

  /** The weights, after the layer that computes has been given what changed. */
  #currentWeights(): tfjs.Tensor[] {
    const weights = this.#variables.map((variable) => variable.read());
    const current = weights.map(({ dataId }) => dataId);
    if (current.some((id, index) => id !== this.#known[index])) {
      this.#core.setWeights(weights.map(view));
      this.#known = current;
    }
    return weights;
  }

  /**
   * Projects the weights by their constraints, as Keras does after each update of its optimizers. tfjs's optimizers do not:
   * call this in `onBatchEnd`. Throws `ERR_SHAPE` for a constraint of an axis that a weight lacks.
   */
  applyConstraints(): void {
    for (const [index, variable] of this.#variables.entries()) {
      const { constraint } = this.#rules[index] as LayerParts["rules"][number];
      if (constraint === null) continue;
      const values = projected(constraint, variable.read());
      variable.write(values);
      values.dispose();
    }
  }

  /**
   * Sets the states of a stateful layer to zeros, or to `states`, (batch, units). Throws `ERR_STATE` on another layer,
   * `ERR_SHAPE` for states that do not fit.
   */
  override resetStates(states?: tfjs.Tensor | [tfjs.Tensor] | null): void {
    const [state] = Array.isArray(states) ? states : [states];
    this.#core.resetState(state === undefined || state === null ? null : view(state));
  }

  /** A copy of the states of a stateful layer, in a list of one; `null` where there are none (yet). */
  getStates(): [tfjs.Tensor] | null {
    const states = this.#core.states;
    return states === null ? null : [tf.tensor(states[0].data as Float32Array, states[0].shape)];
  }

  /** What tfjs writes into a model: Keras 2's keys in tfjs's spelling. */
  override getConfig(): tfjs.serialization.ConfigDict {
    const { name: _name, trainable: _trainable, dtype: _dtype, ...layerConfig } = this.#core.getConfig();
    const config: Record<string, unknown> = layerConfig;
    for (const [index, weight] of RULES.entries()) {
      const { regularizer, constraint } = this.#rules[index] as LayerParts["rules"][number];
      config[`${weight}_regularizer`] = regularizer?.serialize() ?? null;
      config[`${weight}_constraint`] = constraint?.serialize() ?? null;
    }
    config.activity_regularizer = this.#activityRegularizer?.serialize() ?? null;
    config.return_state = this.returnState;
    // Without the key it is a config of Keras 2, whose hard_sigmoid is another one.
    const isKeras3 = config.zero_output_for_mask === true || hasHardSigmoid(config);
    if (!isKeras3) delete config.zero_output_for_mask;
    if (config.seed === null) delete config.seed;
    for (const key of ["activation", "recurrent_activation"]) {
      const named = activationName(config[key]);
      config[key] = named === "keras2_hard_sigmoid" && !isKeras3 ? "hard_sigmoid" : named;
    }
    return { ...super.getConfig(), ...(toTfjs(config) as tfjs.serialization.ConfigDict) };
  }

  /** @nocollapse */
  static override fromConfig<T extends tfjs.serialization.Serializable>(
    cls: tfjs.serialization.SerializableConstructor<T>,
    config: tfjs.serialization.ConfigDict,
  ): T {
    return new cls(argumentsOfConfig(config as Record<string, unknown>));
  }

  protected override disposeWeights(): number {
    const disposed = super.disposeWeights();
    this.#core.dispose();
    return disposed;
  }
}

function hasHardSigmoid(config: Record<string, unknown>): boolean {
  return config.activation === "hard_sigmoid" || config.recurrent_activation === "hard_sigmoid";
}

function firstShape(shape: Shape | Shape[]): Shape {
  return (Array.isArray(shape[0]) ? shape[0] : shape) as Shape;
}
