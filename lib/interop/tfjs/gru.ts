import type * as tfjs from "@tensorflow/tfjs";
import { expected, expectedText } from "../../errors/messages.js";
import { GRU as CoreGRU } from "../../index.js";
import { argumentsOfConfig, type GRULayerArgs, type LayerParts, readArguments } from "./arguments.js";
import { configGiven, copyMade } from "./bidirectional_halves.js";
import { compute, isRecording, view } from "./computation.js";
import { computingGru } from "./computing.js";
import { tf } from "./load_tfjs.js";
import { activationName, toTfjs } from "./spelling.js";
import { initializerOf, lossOf, projected } from "./weight_rules.js";

/** A shape whose unknown dimensions are `null`. */
type Shape = (number | null)[];
/** Further arguments of a call, as tfjs passes them from layer to layer. */
type Kwargs = Record<string, unknown>;
/** The inputs of a call: the sequence, and possibly the initial state. */
type Inputs = tfjs.Tensor | tfjs.Tensor[];
/** The inputs of a layer in a model that is being defined. */
type SymbolicInputs = tfjs.SymbolicTensor | tfjs.SymbolicTensor[];

/** The weights that have rules, in Keras's order, by the prefix of their arguments. */
const RULES = ["kernel", "recurrent", "bias"] as const;

/** Makes `layer`, which is not built, the backward half of a Bidirectional. */
export let becomeBackwardHalf: (layer: GRU) => void;
/** Returns what a Bidirectional needs to compute `layer` together with its other half. */
export let halfOf: (layer: GRU) => HalfCall;
/** Makes `core` the layer that computes `layer`, which is not built. Disposing the weights of `layer` disposes `owner`. */
export let takeCore: (layer: GRU, core: CoreGRU<true>, owner: { dispose(): void }) => void;

/** A layer as half of a Bidirectional that computes both halves together. */
export interface HalfCall {
  /** The layer that computes. */
  readonly core: CoreGRU<true>;
  /** The arguments that choose the path. */
  readonly path: string;
  /** Does everything that a call does before it computes, and returns the weights. Throws as a call does. */
  weights(inputs: tfjs.Tensor, kwargs: Kwargs): tfjs.Tensor[];
}

/**
 * Keras's GRU as a layer of tfjs. This package computes it, forward and backward, on the path that it chooses. Inputs
 * are (batch, timesteps, features). The output is (batch, units), or (batch, timesteps, units) with `returnSequences`.
 * With `returnState` calls return a list of the output and the state, (batch, units). Everything is float32. Weights
 * are tfjs's variables in Keras's layout: kernel, recurrent_kernel, bias.
 *
 * The layer computes synchronously, since tfjs's gradients must be synchronous.
 */
export class GRU extends tf.layers.Layer {
  /**
   * The name of the class in configs.
   *
   * @nocollapse
   */
  static className = "GRU";

  /** Whether calls return the outputs of all timesteps. */
  readonly returnSequences: boolean;
  /** Whether calls also return the state. */
  readonly returnState: boolean;
  /** Whether timesteps are computed in reverse order. */
  readonly goBackwards: boolean;
  /** The size of the state and of the output's last dimension. */
  readonly units: number;
  #coreArguments: LayerParts["core"];
  #core: CoreGRU<true>;
  /** The layer to dispose of with the weights: `#core`, or the Bidirectional that computes both halves. */
  #owner: { dispose(): void };
  readonly #rules: LayerParts["rules"];
  readonly #activityRegularizer: LayerParts["activityRegularizer"];
  /** The identities of the weights' values that `#core` last got. */
  #known: object[] = [];
  #variables: tfjs.LayerVariable[] = [];
  /** For half of a Bidirectional, the place of its initial state among both. */
  #half: 0 | 1 | null = null;
  /** The halves that Bidirectionals have made of this layer, which then computes nothing itself. */
  readonly #halves: [forward: GRU, backward: GRU][] = [];

  static {
    becomeBackwardHalf = (layer) => layer.#become(1);
    halfOf = (layer) => ({
      core: layer.#core,
      path: JSON.stringify([layer.#coreArguments.use_cudnn ?? "auto", layer.#coreArguments.cuda_device ?? 0]),
      weights(inputs, kwargs) {
        layer.#begin(inputs, kwargs);
        return layer.#currentWeights();
      },
    });
    takeCore = (layer, core, owner) => {
      layer.#core = core;
      layer.#owner = owner;
    };
  }

  /** Throws a `GRUError` for bad arguments, as this package's own layer does. */
  constructor(args: GRULayerArgs) {
    const { base, core, returnState, rules, activityRegularizer } = readArguments(args);
    super(base as never);
    this.#coreArguments = { ...core, name: this.name };
    this.#core = new CoreGRU(this.#coreArguments);
    this.#owner = this.#core;
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
   * A list of one element. tfjs's wrappers read from it how many states the layer has. `getStates` returns the states
   * that a stateful layer carries.
   */
  get states(): [null] {
    return [null];
  }

  /** Makes this layer half of a Bidirectional. `source` is the layer that the half was made from. */
  #become(half: 0 | 1, source: GRU = this): void {
    this.#half = half;
    const own = this.#coreArguments;
    // Configs do not have these two.
    const { use_cudnn = own.use_cudnn, cuda_device = own.cuda_device } = source.#coreArguments;
    // Keras's Bidirectional does the same to both halves.
    this.#coreArguments = { ...own, use_cudnn, cuda_device, zero_output_for_mask: this.returnSequences };
    this.#core = new CoreGRU(this.#coreArguments);
    this.#owner = this.#core;
  }

  /**
   * The losses of the weights' regularizers. When Bidirectionals have made halves of this layer, the losses of the
   * halves.
   */
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
      // tfjs gets no constraint: it would project weights that are loaded, but not weights that are trained.
      const variable = this.addWeight(name, shape, "float32", initializer);
      // As in Keras, weights that are not trainable add no loss.
      if (regularizer !== null) {
        this.addLoss(() => (this.trainable ? lossOf(regularizer, variable.read()) : tf.scalar(0)));
      }
      // A wrapper disposes variables, not layers, so disposing a variable must dispose the layer that computes.
      const { dispose } = variable;
      variable.dispose = () => {
        dispose.call(variable);
        this.#owner.dispose();
      };
      return variable;
    });
    this.inputSpec[0] = { shape: [this.stateful ? batch : null, null, features] as number[] };
    this.built = true;
    // tfjs sets initial weights when the layer is applied, which a wrapper never does.
    if (this.initialWeights !== null) this.setWeights(this.initialWeights);
  }

  /**
   * Applies the layer as tfjs's layers are applied. The initial state, (batch, units), is a second input, or
   * `initialState` in `kwargs`.
   *
   * Throws a `GRUError` for an initial state or a mask that does not fit.
   */
  override apply(inputs: Inputs, kwargs?: Kwargs): Inputs;
  override apply(inputs: SymbolicInputs, kwargs?: Kwargs): SymbolicInputs;
  override apply(inputs: Inputs | SymbolicInputs, kwargs?: Kwargs): Inputs | SymbolicInputs;
  override apply(inputs: Inputs | SymbolicInputs, kwargs: Kwargs = {}): Inputs | SymbolicInputs {
    refuseConstants(kwargs);
    // A list of inputs is complete, and tfjs passes the `kwargs` of one layer on to the next.
    const sequence = Array.isArray(inputs) ? inputs[0] : inputs;
    const state = onlyState(Array.isArray(inputs) ? inputs.slice(1) : [kwargs.initialState ?? []].flat());
    const { initialState: _, ...others } = kwargs;
    if (!(state instanceof tf.SymbolicTensor)) {
      // The inputs of a model are a list. If the next layer's inputs have no mask, tfjs would leave it the mask of this
      // layer. For a layer outside models, the arguments are the caller's and must not change.
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

  /** Begins a call: tells the hook, and throws for what this layer cannot compute. */
  #begin(inputs: Inputs, kwargs: Kwargs): void {
    this.invokeCallHook(inputs, kwargs);
    if (this.#activityRegularizer !== null && isRecording()) {
      const received = "a regularizer: tfjs has no losses of activities";
      throw expectedText("ERR_UNSUPPORTED", "activityRegularizer", "null in training", received);
    }
    refuseConstants(kwargs);
  }

  override call(inputs: Inputs, kwargs: Kwargs = {}): Inputs {
    return tf.tidy(() => {
      this.#begin(inputs, kwargs);
      const [sequence, ...given] = [inputs].flat();
      const state = this.#stateOf(given) ?? onlyState([kwargs.initialState ?? []].flat()) ?? null;
      if (state !== null && !(state instanceof tf.Tensor)) {
        throw expected("ERR_ARGUMENT", "initialState", "a tensor [batch, units]", state);
      }
      const mask = (Array.isArray(kwargs.mask) ? kwargs.mask[0] : kwargs.mask) ?? null;
      const [output, last] = compute({
        layer: computingGru(this.#core),
        inputs: tf.cast(sequence as tfjs.Tensor, "float32"),
        initialStates: state === null ? [] : [tf.cast(state, "float32")],
        weights: this.#currentWeights(),
        mask: mask as tfjs.Tensor | null,
        training: kwargs.training === true,
      }) as [tfjs.Tensor, tfjs.Tensor];
      return this.returnState ? [output, last] : output;
    });
  }

  /**
   * Returns this layer's initial state among the further inputs. A model inside a model passes both halves of a
   * Bidirectional the states of both.
   */
  #stateOf(given: tfjs.Tensor[]): unknown {
    return this.#half !== null && given.length === 2 ? given[this.#half] : onlyState(given);
  }

  /** Returns the weights, after setting those that changed in the layer that computes. */
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
   * Projects the weights by their constraints, as Keras does after each update of its optimizers. tfjs's optimizers do
   * not, so call this method in `onBatchEnd`. For a layer in a Bidirectional it projects the weights of both halves.
   * Throws `ERR_SHAPE` when a weight does not have an axis that its constraint uses.
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
   * Sets the states of a stateful layer to zeros, or to `states`, (batch, units). Throws `ERR_STATE` for a layer that
   * is not stateful, and `ERR_SHAPE` for states that do not fit.
   */
  override resetStates(states?: tfjs.Tensor | [tfjs.Tensor] | null): void {
    const [state] = Array.isArray(states) ? states : [states];
    this.#core.resetState(state === undefined || state === null ? null : view(state));
  }

  /** Returns a copy of the states of a stateful layer, in a list of one, or `null` when there are none yet. */
  getStates(): [tfjs.Tensor] | null {
    const states = this.#core.states;
    return states === null ? null : [tf.tensor(states[0].data as Float32Array, states[0].shape)];
  }

  /** Returns the config that tfjs writes into a model, with Keras 2's keys in tfjs's spelling. */
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
    // A config without this key is read as Keras 2's, whose hard_sigmoid is another function.
    const isKeras3 = config.zero_output_for_mask === true || hasHardSigmoid(config);
    if (!isKeras3) delete config.zero_output_for_mask;
    if (config.seed === null) delete config.seed;
    for (const key of ["activation", "recurrent_activation"]) {
      const named = activationName(config[key]);
      config[key] = named === "keras2_hard_sigmoid" && !isKeras3 ? "hard_sigmoid" : named;
    }
    const written = { ...super.getConfig(), ...(toTfjs(config) as tfjs.serialization.ConfigDict) };
    configGiven(written, (forward: GRU, backward: GRU) => {
      forward.#become(0, this);
      backward.#become(1, this);
      this.#halves.push([forward, backward]);
    });
    return written;
  }

  /**
   * Makes a layer from a config of tfjs, Keras 2 or Keras 3.
   *
   * @nocollapse
   */
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

/** Throws `ERR_ARGUMENT` for constants, as Keras's GRU does. */
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
