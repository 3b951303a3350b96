import { isDeepStrictEqual } from "node:util";
import type * as tfjs from "@tensorflow/tfjs";
import { expected, expectedText } from "../../errors/messages.js";
import { readRecord } from "../../options/record.js";
import { argumentsOfConfig } from "./arguments.js";
import { BidirectionalPair } from "./bidirectional_pair.js";
import { becomeBackwardHalf, GRU, refuseConstants } from "./gru.js";
import { tf } from "./load_tfjs.js";

/** Further arguments of a call, as tfjs passes them from layer to layer. */
type Kwargs = Record<string, unknown>;
/** The inputs of a call. */
type Inputs = tfjs.Tensor | tfjs.Tensor[];
/** The inputs of a layer in a model that is being defined. */
type SymbolicInputs = tfjs.SymbolicTensor | tfjs.SymbolicTensor[];
/** A config as tfjs writes it into a model. */
type ConfigDict = tfjs.serialization.ConfigDict;

/** The arguments of {@link Bidirectional}. */
export interface BidirectionalArgs
  extends Pick<tfjs.GRULayerArgs, "inputShape" | "batchInputShape" | "batchSize" | "dtype" | "name" | "trainable"> {
  /** The layer. The forward layer is a copy of it with weights of its own. */
  layer: GRU;
  /** How the outputs of both directions are merged; `"concat"` by default. `null` leaves them two. */
  mergeMode?: "concat" | "sum" | "mul" | "ave" | null;
  /**
   * The layer for the other direction, which must not be built and keeps its name. The default is a copy of `layer`
   * that goes the other way.
   */
  backwardLayer?: GRU | null;
}

/** The members of tfjs's Bidirectional that its types do not declare. */
interface OwnBidirectional extends tfjs.layers.Layer {
  /** The layer that both directions were made from. */
  readonly layer: GRU;
  /** The layer that computes in the direction of `layer`. */
  forwardLayer: GRU;
  /** The layer that computes in the other direction. */
  backwardLayer: GRU;
  /** How the outputs are merged. */
  mergeMode: unknown;
}

/** tfjs's own Bidirectional. */
const Own = tf.serialization.SerializationMap.getMap().classNameMap.Bidirectional?.[0] as unknown as {
  /** Makes tfjs's own Bidirectional. */
  new (args: object): OwnBidirectional;
};

/** Arguments that are passed unchanged to tfjs's class. */
const BASE = ["mergeMode", "inputShape", "batchInputShape", "batchSize", "dtype", "name", "trainable"];
const KNOWN: ReadonlySet<string> = new Set(["layer", "backwardLayer", ...BASE]);
const MERGE_MODES: ReadonlySet<unknown> = new Set(["concat", "sum", "mul", "ave", null]);

/** Returns `name` as Keras 3 reads it before it adds the prefix. */
function withoutPrefix(name: string, prefix: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

/** Throws unless `backward` meets Keras's requirements for a backward layer. */
function checkBackward(layer: GRU, backward: unknown): asserts backward is GRU {
  if (!(backward instanceof GRU)) {
    throw expected("ERR_ARGUMENT", "backwardLayer", "a GRU of cudnn-gru/tfjs", backward);
  }
  if (backward.built) {
    throw expectedText("ERR_STATE", "backwardLayer", "a layer that is not built", "one that is");
  }
  if (backward.goBackwards === layer.goBackwards) {
    const direction = `goBackwards ${!layer.goBackwards}`;
    throw expectedText("ERR_ARGUMENT", "backwardLayer", `a layer with ${direction}`, `${layer.goBackwards}`);
  }
  for (const key of ["stateful", "returnSequences", "returnState"] as const) {
    if (backward[key] !== layer[key]) {
      throw expectedText("ERR_ARGUMENT", "backwardLayer", `a layer with ${key} ${layer[key]}`, `${backward[key]}`);
    }
  }
}

function checkStates(states: unknown): void {
  const isState = (state: unknown) => state instanceof tf.Tensor || state instanceof tf.SymbolicTensor;
  const given: unknown[] = Array.isArray(states) ? states : [];
  if (Array.isArray(states) && (given.length === 0 || (given.length === 2 && given.every(isState)))) return;
  throw expected("ERR_ARGUMENT", "initialState", "a list of two tensors [batch, units]", states);
}

/** Returns the initial states of a call: both or none. Returns `null` for anything else, which the halves judge. */
function statesOf(inputs: Inputs, { initialState }: Kwargs): tfjs.Tensor[] | null {
  const [, ...further] = [inputs].flat();
  const given: unknown[] = further.length > 0 ? further : [initialState ?? []].flat();
  const states = given.filter((state): state is tfjs.Tensor => state instanceof tf.Tensor);
  return states.length === given.length && (given.length === 0 || given.length === 2) ? states : null;
}

/**
 * tfjs's Bidirectional with two layers of this package. Unlike tfjs's own it accepts a backward layer, as Keras's does,
 * and its calls do not change the arguments of other calls. `tf.loadLayersModel` makes one from each Bidirectional GRU
 * of a model.
 */
export class Bidirectional extends Own {
  /**
   * The name of the class in configs.
   *
   * @nocollapse
   */
  static className = "Bidirectional";

  readonly #hasOwnBackward: boolean;
  /** Computes both halves in one call; `null` where each half computes alone. */
  #pair: BidirectionalPair | null = null;

  /** Throws `ERR_ARGUMENT` or `ERR_STATE` for layers that do not fit together, as Keras does. */
  constructor(args: BidirectionalArgs) {
    if ((args as unknown) instanceof tf.layers.Layer) {
      const remedy = "Name it: bidirectional({ layer }).";
      throw expectedText("ERR_ARGUMENT", "args", "an object { layer, ... }", "a layer", { remedy });
    }
    readRecord(args, KNOWN, "Bidirectional", "args", "an object { layer, ... }");
    const { backwardLayer = null, ...others } = args;
    if (!(others.layer instanceof GRU)) {
      throw expected("ERR_ARGUMENT", "layer", "a GRU of cudnn-gru/tfjs", others.layer);
    }
    if (others.mergeMode !== undefined && !MERGE_MODES.has(others.mergeMode)) {
      throw expected("ERR_ARGUMENT", "mergeMode", '"concat", "sum", "mul", "ave" or null', others.mergeMode);
    }
    if (backwardLayer !== null) checkBackward(others.layer, backwardLayer);
    super(others);
    this.#hasOwnBackward = backwardLayer !== null;
    if (backwardLayer !== null) this.#replaceBackward(backwardLayer);
    // tfjs forgets this argument.
    if (others.trainable === false) this.trainable = false;
  }

  #replaceBackward(backwardLayer: GRU): void {
    this.forwardLayer.name = `forward_${withoutPrefix(this.layer.name, "forward_")}`;
    becomeBackwardHalf(backwardLayer);
    this.backwardLayer = backwardLayer;
  }

  /** The losses of the regularizers of both layers, which tfjs's own class omits. */
  override get losses(): (() => tfjs.Scalar)[] {
    return [...this.forwardLayer.losses, ...this.backwardLayer.losses];
  }

  /**
   * Applies the layer as tfjs's Bidirectional does. `initialState` is a list of two tensors, or two more inputs. Throws
   * `ERR_ARGUMENT` for any other initial state.
   */
  override apply(inputs: Inputs, kwargs?: Kwargs): Inputs;
  /** Applies the layer in a model that is being defined, under the same conditions. */
  override apply(inputs: SymbolicInputs, kwargs?: Kwargs): SymbolicInputs;
  override apply(inputs: Inputs | SymbolicInputs, kwargs: Kwargs = {}): Inputs | SymbolicInputs {
    refuseConstants(kwargs);
    checkStates(Array.isArray(inputs) ? inputs.slice(1) : (kwargs.initialState ?? []));
    // tfjs's own `apply` writes into `kwargs`, which a model passes on from layer to layer.
    const own = { ...kwargs };
    if (Array.isArray(inputs)) {
      // A list of inputs is complete. If the next layer's inputs have no mask, tfjs would leave it the mask of this
      // layer.
      delete own.initialState;
      if (this.inboundNodes.length > 0) delete kwargs.mask;
    }
    const outputs = super.apply(inputs as tfjs.Tensor, own);
    // A symbolic initial state could not be saved with the model, which already has it as inputs.
    delete own.initialState;
    return outputs;
  }

  /** Makes the weights of both halves. */
  override build(inputShape: Parameters<OwnBidirectional["build"]>[0]): void {
    this.#pair = BidirectionalPair.of([this.forwardLayer, this.backwardLayer], this.name, this.mergeMode);
    super.build(inputShape);
  }

  /** Computes the layer's outputs, those of both halves in one call where they can be. */
  override call(inputs: Inputs, kwargs: Kwargs): Inputs {
    const states = statesOf(inputs, kwargs);
    const pair = this.#pair?.has(this.forwardLayer, this.backwardLayer) === true ? this.#pair : null;
    if (pair === null || states === null) return super.call(inputs, { ...kwargs });
    return tf.tidy(() => {
      const [sequence] = [inputs].flat() as [tfjs.Tensor];
      const results = pair.call(sequence, states, kwargs);
      const wanted = this.forwardLayer.returnState ? results : results.slice(0, -2);
      return wanted.length === 1 ? (wanted[0] as tfjs.Tensor) : wanted;
    });
  }

  /** Projects the weights of both layers as {@link GRU.applyConstraints} does. */
  applyConstraints(): void {
    for (const half of [this.forwardLayer, this.backwardLayer]) half.applyConstraints();
  }

  /** Returns the config that tfjs writes into a model, with the backward layer's if it was given. */
  override getConfig(): ConfigDict {
    const config = super.getConfig();
    if (!this.#hasOwnBackward) return config;
    return { ...config, backwardLayer: { className: GRU.className, config: this.backwardLayer.getConfig() } };
  }

  /**
   * Makes a layer from a config of tfjs, Keras 2 or Keras 3. Throws `ERR_UNSUPPORTED` for a backward layer that is not
   * a GRU.
   *
   * @nocollapse
   */
  static fromConfig<T extends tfjs.serialization.Serializable>(
    cls: tfjs.serialization.SerializableConstructor<T>,
    config: ConfigDict,
  ): T {
    const { layer, backwardLayer = null } = config;
    // tfjs knows only float32, whatever policy the layer had in Keras.
    const isKept = (key: string) => BASE.includes(key) && key !== "dtype";
    const others: Record<string, unknown> = Object.fromEntries(Object.entries(config).filter(([key]) => isKept(key)));
    const { config: forward } = layer as { config: ConfigDict };
    const make = (layerConfig: ConfigDict, name: string) =>
      GRU.fromConfig(GRU as never, { ...layerConfig, name } as ConfigDict) as GRU;
    const given = String(forward.name);
    if (backwardLayer === null) return new cls({ ...others, layer: make(forward, given) });
    const backward = configOfBackward(backwardLayer, others.name);
    // Only Keras 2 writes time_major, and it adds prefixes to any names. Keras 3 writes its copy of the layer, which
    // already has the prefix, and leaves a backward layer's own name unchanged.
    const isKeras2 = "timeMajor" in backward;
    const name = isKeras2 ? given : withoutPrefix(given, "forward_");
    const backwardName = isKeras2 ? `backward_${backward.name}` : String(backward.name);
    if (backwardName === `backward_${name}` && isReversed(forward, backward)) {
      return new cls({ ...others, layer: make(forward, name) });
    }
    const kept = isKeras2 && given.startsWith("forward_") ? `forward_${given}` : given;
    return new cls({ ...others, layer: make(forward, kept), backwardLayer: make(backward, backwardName) });
  }
}

function configOfBackward(layer: unknown, wrapper: unknown): ConfigDict {
  const { className, config } = layer as { className?: unknown; config?: ConfigDict };
  if (className === GRU.className && typeof config === "object" && config !== null) return config;
  throw expected("ERR_UNSUPPORTED", `backward_layer of ${wrapper}`, "a GRU", className);
}

/** True when `backward` is, except for its name, the layer that Bidirectional makes from `forward` by itself. */
function isReversed(forward: ConfigDict, backward: ConfigDict): boolean {
  const read = (config: ConfigDict) => {
    const { zero_output_for_mask: _, name: __, ...args } = argumentsOfConfig(config);
    return args;
  };
  return isDeepStrictEqual({ ...read(forward), go_backwards: forward.goBackwards !== true }, read(backward));
}

/** Makes a {@link Bidirectional}, in the way of `tf.layers`. */
export function bidirectional(args: BidirectionalArgs): Bidirectional {
  return new Bidirectional(args);
}
