import type * as tfjs from "@tensorflow/tfjs";
import { expected, expectedText } from "../../errors/messages.js";
import { GRU as CoreGRU } from "../../index.js";
import { argumentsOfConfig, type GRULayerArgs, type LayerParts, readArguments } from "./arguments.js";
import { configGiven, copyMade } from "./halves.js";
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

/** `layer`, which is not built, goes backward in a Bidirectional. */
export let becomeBackwardHalf: (layer: GRU) => void;

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
  #coreArguments: LayerParts["core"];
  #core: CoreGRU<true>;
  readonly #rules: LayerParts["rules"];
  readonly #activityRegularizer: LayerParts["activityRegularizer"];
  /** What each weight's values were when `#core` got them. */
  #known: object[] = [];
  #variables: tfjs.LayerVariable[] = [];
  /** Where this is half of a Bidirectional: the place of its initial state among both. */
  #half: 0 | 1 | null = null;
  /** The halves that Bidirectionals have made of this layer, which computes nothing then. */
  readonly #halves: [forward: GRU, backward: GRU][] = [];

  static {
    becomeBackwardHalf = (layer) => layer.#become(1);
  }

  /** Throws a `GRUError` for bad arguments, as this package's own layer does. */
  constructor(args: GRULayerArgs) {
    const { base, core, returnState, rules, activityRegularizer } = readArguments(args);
    super(base as never);
    this.#coreArguments = { ...core, name: this.name };
    this.#core = new CoreGRU(this.#coreArguments);
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

  /**
   * tfjs's wrappers ask how many states there are: a list of one. What a stateful layer carries is `getStates`'s to tell.
   */
  get states(): [null] {
    return [null];
  }

  #become(half: 0 | 1): void {
    this.#half = half;
    // As Keras's Bidirectional does to both.
    this.#coreArguments = { ...this.#coreArguments, zero_output_for_mask: this.returnSequences };
    this.#core = new CoreGRU(this.#coreArguments);
  }

  /** The losses of its weights' regularizers; those of a Bidirectional's halves where it has made them of this layer. */
  override get losses(): (() => tfjs.Scalar)[] {
    if (this.#halves.length === 0) return super.losses;
    const losses = this.#halves.map((halves) => halves.flatMap((half) => half.losses));
    if (losses.length > 1 && losses.flat().length > 0) {
      throw expectedText(
        "ERR_UNSUPPORTED",
        "tf.layers.bidirectional",
        "a layer of its own",
        `${JSON.stringify(this.name)} for ${losses.length} of them, whose regularizers tfjs cannot tell apart`,
        { remedy: "`bidirectional` of cudnn-gru/tfjs can." },
      );
    }
    return losses.flat();
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
      // A wrapper disposes of variables, not of layers.
      const { dispose } = variable;
      variable.dispose = () => {
        dispose.call(variable);
        this.#core.dispose();
      };
      return variable;
    });
    this.inputSpec[0] = { shape: [this.stateful ? batch : null, null, features] as number[] };
    this.built = true;
    // tfjs sets them where the layer is applied, which a wrapper never does.
    if (this.initialWeights !== null) this.setWeights(this.initialWeights);
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
    refuseConstants(kwargs);
    // A list says all there is: tfjs hands the `kwargs` of one layer on to the next.
    const sequence = Array.isArray(inputs) ? inputs[0] : inputs;
    const state = onlyState(Array.isArray(inputs) ? inputs.slice(1) : [kwargs.initialState ?? []].flat());
    const { initialState: _, ...others } = kwargs;
    if (!(state instanceof tf.SymbolicTensor)) {
      // A model's inputs are a list. Where the next layer's have no mask, tfjs would leave it this one's. Arguments of calls
      // of a layer that is in no model are the caller's.
      if (Array.isArray(inputs) && this.inboundNodes.length > 0) delete kwargs.mask;
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
        const received = "a regularizer: tfjs has no losses of activities";
        throw expectedText("ERR_UNSUPPORTED", "activityRegularizer", "null in training", received);
      }
      refuseConstants(kwargs);
      const [sequence, ...given] = [inputs].flat();
      const state = this.#stateOf(given) ?? onlyState([kwargs.initialState ?? []].flat()) ?? null;
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

  /** This layer's among the further inputs, which a model in a model gives whole to both halves of a Bidirectional. */
  #stateOf(given: tfjs.Tensor[]): unknown {
    return this.#half !== null && given.length === 2 ? given[this.#half] : onlyState(given);
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
   * call this in `onBatchEnd`. Of a layer in a Bidirectional those of both halves. Throws `ERR_SHAPE` for a constraint of an axis that a weight lacks.
   */
  applyConstraints(): void {
    for (const half of this.#halves.flat()) half.applyConstraints();
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
    const written = { ...super.getConfig(), ...(toTfjs(config) as tfjs.serialization.ConfigDict) };
    configGiven(written, (forward: GRU, backward: GRU) => {
      forward.#become(0);
      backward.#become(1);
      this.#halves.push([forward, backward]);
    });
    return written;
  }

  /** @nocollapse */
  static override fromConfig<T extends tfjs.serialization.Serializable>(
    cls: tfjs.serialization.SerializableConstructor<T>,
    config: tfjs.serialization.ConfigDict,
  ): T {
    const made = new cls(argumentsOfConfig(config as Record<string, unknown>));
    copyMade(config, made as unknown as GRU);
    return made;
  }
}

function onlyState(given: unknown[]): unknown {
  if (given.length <= 1) return given[0];
  throw expectedText("ERR_ARGUMENT", "initialState", "one state, [batch, units]", `${given.length} of them`);
}

/** Throws `ERR_ARGUMENT` for constants, as Keras's GRU throws for that argument. */
export function refuseConstants({ constants }: Kwargs): void {
  if (constants === undefined || constants === null) return;
  throw expected("ERR_ARGUMENT", "constants", "nothing, as Keras's GRU has none,", constants);
}

function hasHardSigmoid(config: Record<string, unknown>): boolean {
  return config.activation === "hard_sigmoid" || config.recurrent_activation === "hard_sigmoid";
}

function firstShape(shape: Shape | Shape[]): Shape {
  return (Array.isArray(shape[0]) ? shape[0] : shape) as Shape;
}
