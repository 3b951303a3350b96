import { isDeepStrictEqual } from "node:util";
import type * as tfjs from "@tensorflow/tfjs";
import { expected, expectedText } from "../../errors/messages.js";
import { readRecord } from "../../options/record.js";
import { argumentsOfConfig } from "./arguments.js";
import { becomeBackwardHalf, GRU, refuseConstants } from "./gru.js";
import { tf } from "./peer.js";

type Kwargs = Record<string, unknown>;
type Inputs = tfjs.Tensor | tfjs.Tensor[];
type SymbolicInputs = tfjs.SymbolicTensor | tfjs.SymbolicTensor[];
type ConfigDict = tfjs.serialization.ConfigDict;

/** What {@link Bidirectional} takes. */
export interface BidirectionalArgs
  extends Pick<tfjs.GRULayerArgs, "inputShape" | "batchInputShape" | "batchSize" | "dtype" | "name" | "trainable"> {
  /** Of which the forward layer is a copy with weights of its own. */
  layer: GRU;
  /** How the outputs of both directions become one; `null` leaves them two. Default `"concat"`. */
  mergeMode?: "concat" | "sum" | "mul" | "ave" | null;
  /**
   * The layer for the other direction, not yet built, which keeps its name; by default a copy of `layer` that goes the other
   * way.
   */
  backwardLayer?: GRU | null;
}

/** What the types of tfjs keep to themselves of its Bidirectional. */
interface OwnBidirectional extends tfjs.layers.Layer {
  readonly layer: GRU;
  forwardLayer: GRU;
  backwardLayer: GRU;
}

const Own = tf.serialization.SerializationMap.getMap().classNameMap.Bidirectional?.[0] as unknown as {
  new (args: object): OwnBidirectional;
};

/** Arguments that go to tfjs's class as they are. */
const BASE = ["mergeMode", "inputShape", "batchInputShape", "batchSize", "dtype", "name", "trainable"];
const KNOWN: ReadonlySet<string> = new Set(["layer", "backwardLayer", ...BASE]);
const MERGE_MODES: ReadonlySet<unknown> = new Set(["concat", "sum", "mul", "ave", null]);

/** `name` as Keras 3 reads it before it puts the prefix in front. */
function withoutPrefix(name: string, prefix: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

/** What Keras demands of a backward layer. */
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

/**
 * tfjs's Bidirectional with two layers of this package, as Keras's is: with a backward layer of its own, where it is given
 * one, and calls that do not change the arguments of others. What `tf.loadLayersModel` makes of a model's Bidirectional GRUs.
 */
export class Bidirectional extends Own {
  /** @nocollapse */
  static className = "Bidirectional";

  readonly #hasOwnBackward: boolean;

  /** Throws `ERR_ARGUMENT` and `ERR_STATE` for layers that do not go together, as Keras does. */
  constructor(args: BidirectionalArgs) {
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
    // tfjs forgets it.
    if (others.trainable === false) this.trainable = false;
  }

  #replaceBackward(backwardLayer: GRU): void {
    this.forwardLayer.name = `forward_${withoutPrefix(this.layer.name, "forward_")}`;
    becomeBackwardHalf(backwardLayer);
    this.backwardLayer = backwardLayer;
  }

  /** The losses of the regularizers of both layers, which tfjs's own forgets. */
  override get losses(): (() => tfjs.Scalar)[] {
    return [...this.forwardLayer.losses, ...this.backwardLayer.losses];
  }

  /** As of tfjs's Bidirectional; `initialState` is a list of two, or two more inputs. Throws `ERR_ARGUMENT` for others. */
  override apply(inputs: Inputs, kwargs?: Kwargs): Inputs;
  override apply(inputs: SymbolicInputs, kwargs?: Kwargs): SymbolicInputs;
  override apply(inputs: Inputs | SymbolicInputs, kwargs: Kwargs = {}): Inputs | SymbolicInputs {
    refuseConstants(kwargs);
    checkStates(Array.isArray(inputs) ? inputs.slice(1) : (kwargs.initialState ?? []));
    // tfjs's own writes into `kwargs`, which a model hands on from layer to layer.
    const own = { ...kwargs };
    if (Array.isArray(inputs)) {
      // A list says all there is. Where the next layer's inputs have no mask, tfjs would leave it this one's.
      delete own.initialState;
      if (this.inboundNodes.length > 0) delete kwargs.mask;
    }
    const outputs = super.apply(inputs as tfjs.Tensor, own);
    // Symbolic ones could not be saved with the model, which has them as inputs.
    delete own.initialState;
    return outputs;
  }

  override call(inputs: Inputs, kwargs: Kwargs): Inputs {
    return super.call(inputs, { ...kwargs });
  }

  /** As {@link GRU.applyConstraints}, of both layers. */
  applyConstraints(): void {
    for (const half of [this.forwardLayer, this.backwardLayer]) half.applyConstraints();
  }

  override getConfig(): ConfigDict {
    const config = super.getConfig();
    if (!this.#hasOwnBackward) return config;
    return { ...config, backwardLayer: { className: GRU.className, config: this.backwardLayer.getConfig() } };
  }

  /** @nocollapse */
  static fromConfig<T extends tfjs.serialization.Serializable>(
    cls: tfjs.serialization.SerializableConstructor<T>,
    config: ConfigDict,
  ): T {
    const { layer, backwardLayer = null } = config;
    // tfjs knows float32 alone, whatever policy Keras had.
    const isKept = (key: string) => BASE.includes(key) && key !== "dtype";
    const others: Record<string, unknown> = Object.fromEntries(Object.entries(config).filter(([key]) => isKept(key)));
    const { config: forward } = layer as { config: ConfigDict };
    const make = (layerConfig: ConfigDict, name: string) =>
      GRU.fromConfig(GRU as never, { ...layerConfig, name } as ConfigDict) as GRU;
    const given = String(forward.name);
    if (backwardLayer === null) return new cls({ ...others, layer: make(forward, given) });
    const backward = configOfBackward(backwardLayer, others.name);
    // Keras 2, which alone writes time_major, puts prefixes before any names. Keras 3 writes its copy of the layer, which has
    // the prefix already, and leaves a backward layer's own name as it is.
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

/** Whether `backward` is, but for its name, what Bidirectional makes of `forward` by itself. */
function isReversed(forward: ConfigDict, backward: ConfigDict): boolean {
  const read = (config: ConfigDict) => {
    const { zero_output_for_mask: _, name: __, ...args } = argumentsOfConfig(config);
    return args;
  };
  return isDeepStrictEqual({ ...read(forward), go_backwards: forward.goBackwards !== true }, read(backward));
}

/** As `new Bidirectional(args)`, in the way of `tf.layers`. */
export function bidirectional(args: BidirectionalArgs): Bidirectional {
  return new Bidirectional(args);
}
