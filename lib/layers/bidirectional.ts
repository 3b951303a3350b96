import { type BidirectionalOptions, readBidirectional } from "../arguments/bidirectional_arguments.js";
import type { DtypeSpec, Spec } from "../arguments/constructor.js";
import type { WeightValue } from "../arguments/known_shape.js";
import { expected } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import { type FileSource, readSource } from "../formats/source.js";
import type { CustomObjects } from "../keras/custom_objects.js";
import type { ComputeDtype, DtypeName, VariableDtype } from "../keras/dtype_policy.js";
import type { MergeMode } from "../keras/merge_mode.js";
import type { Regularizer } from "../keras/regularizers.js";
import { copyKnown } from "../options/record.js";
import { printAsText } from "../tensor/print_as_text.js";
import {
  argumentsOfBidirectional,
  type BidirectionalConfig,
  type ConfigArguments,
  OVERRIDES,
  readBidirectionalConfig,
} from "./bidirectional_config.js";
import { type BidirectionalParts, bidirectionalParts } from "./bidirectional_parts.js";
import { type Composite, requireAlive } from "./composite/composite.js";
import { CompositeLayer, compositeOf } from "./composite/composite_layer.js";
import { requireAllBuilt, takeOverAll } from "./composite/composite_weights.js";
import type { BidirectionalResult, LayerOutput } from "./composite/wrapper_types.js";
import { GRU } from "./gru.js";
import { partsOf } from "./layer.js";
import type { LayerParts } from "./layer_parts.js";
import { type LoadWeightsArguments, readLayerName } from "./weights/load_weights.js";
import { readSave, type SaveWeightsArguments } from "./weights/save_weights.js";
import { serializedGru } from "./wrapper_config.js";
import { readBidirectionalFile, readPairWeights, requireKnownResults, writeComposite } from "./wrapper_files.js";

/**
 * The arguments of `keras.layers.Bidirectional` (Keras 3.15) beside `layer`, by Keras's names. `S` is the
 * `return_state` of the layers, `M` the merge mode, `D` the dtype, and `B` the dtype of `backward_layer`.
 */
export interface BidirectionalArguments<
  S extends boolean = boolean,
  M extends MergeMode = MergeMode,
  D extends DtypeName = DtypeName,
  B extends DtypeName = DtypeName,
> {
  /**
   * How the outputs of both halves become one: `"concat"` (the default) puts them side by side, `"sum"`, `"mul"` and
   * `"ave"` combine them element by element, and `null` leaves two outputs.
   */
  merge_mode?: M | undefined;
  /**
   * The backward half, which is used itself. The default is a copy of `layer` that goes backwards. It must have another
   * `go_backwards` than `layer`, and the same `return_sequences`, `return_state` and `stateful`. As in Keras, its
   * `zero_output_for_mask` and `use_cudnn` become those of the forward half.
   */
  backward_layer?: GRU<S, B> | null | undefined;
  /**
   * The first weights: those of the forward half, and then those of the backward half. With them the layer is built at
   * once. Keras 3.15 takes this argument and then ignores it: its source splits the list into two halves, as here, but
   * nothing reads what it stores them in.
   */
  weights?: readonly WeightValue[] | null | undefined;
  /** The regularizer of every tensor that a call returns, beside those of the halves; none by default. */
  activity_regularizer?: Spec<Regularizer> | undefined;
  /** The name of the layer; `bidirectional`, `bidirectional_1`, … by default. */
  name?: string | null | undefined;
  /** Whether the weights are trainable and their regularizers are counted; true by default. */
  trainable?: boolean | undefined;
  /**
   * The dtype of the layer itself, `"float32"` by default, whatever the dtype of `layer` is. Inputs and initial states
   * are converted to it and then to that of each half, and outputs are converted back to it. States keep the dtype of
   * their half.
   */
  dtype?: DtypeSpec<D> | undefined;
  /** Whether inputs of another floating-point dtype are converted to the layer's (the default) or refused. */
  autocast?: boolean | undefined;
  /** Accepted for compatibility with Keras's Sequential models: `[timesteps, features]`. It does not build the layer. */
  input_shape?: readonly (number | null)[] | null | undefined;
  /** Accepted for compatibility with Keras. It does not build the layer. */
  input_dim?: number | null | undefined;
}

/** Arguments that override a config or a file, unless they are `undefined`. */
export interface BidirectionalOverrides<
  S extends boolean = boolean,
  M extends MergeMode = MergeMode,
  D extends DtypeName = DtypeName,
> {
  /** The merge mode. */
  merge_mode?: M | undefined;
  /** The name of the layer. */
  name?: string | null | undefined;
  /** Whether the weights are trainable. */
  trainable?: boolean | undefined;
  /** The dtype of the layer itself. */
  dtype?: DtypeSpec<D> | undefined;
  /** Whether inputs of another floating-point dtype are converted. */
  autocast?: boolean | undefined;
  /** The regularizer of the layer's results. */
  activity_regularizer?: Spec<Regularizer> | undefined;
  /** The `return_state` of both halves. */
  return_state?: S | undefined;
  /** The `stateful` of both halves. */
  stateful?: boolean | undefined;
  /** The `use_cudnn` of both halves. */
  use_cudnn?: boolean | "auto" | undefined;
  /** The `cuda_device` of both halves. */
  cuda_device?: number | undefined;
  /** Your own activations, constraints, initializers and regularizers, under the names that the config has for them. */
  custom_objects?: CustomObjects | null | undefined;
}

/** The arguments of `Bidirectional.fromKeras`, beside the file. They override the file's config. */
export type BidirectionalFromKerasArguments<
  S extends boolean = boolean,
  M extends MergeMode = MergeMode,
  D extends DtypeName = DtypeName,
> = BidirectionalOverrides<S, M, D> & {
  /** The Keras name of the layer to read. It is required when the file has several Bidirectionals. */
  layer?: string | undefined;
};

/** Makes a layer from a `Bidirectional`'s arguments, or reads one. Its class is `Bidirectional`. */
class BidirectionalLayer<
  S extends boolean = boolean,
  M extends MergeMode = MergeMode,
  D extends DtypeName = DtypeName,
  H extends DtypeName = DtypeName,
> extends CompositeLayer<BidirectionalResult<S, M, D, H>, LayerOutput<M, D>, D> {
  /** Keras's `merge_mode`. */
  readonly merge_mode: M;
  /** The half that goes in the direction of `layer`. */
  readonly forward_layer: GRU<S, H>;
  /** The half that goes in the other direction. */
  readonly backward_layer: GRU<S, H>;
  readonly #options: BidirectionalOptions;
  readonly #parts: BidirectionalParts;

  /** @internal */
  constructor(first: unknown, second?: unknown) {
    const options = readBidirectional(first, second, isLayer);
    const parts = bidirectionalParts(options);
    super(parts.composite);
    this.#options = options;
    this.#parts = parts;
    this.merge_mode = options.mergeMode as M;
    this.forward_layer = parts.forward as GRU<S, H>;
    this.backward_layer = parts.backward as GRU<S, H>;
  }

  /** The dtype of the layer itself, as Keras's `variable_dtype` has it. Its weights have the dtypes of the halves. */
  get dtype(): VariableDtype<D> {
    return this.#options.policy.variableDtype as VariableDtype<D>;
  }

  /** The dtype of inputs and outputs. States have the `compute_dtype` of their half. */
  get compute_dtype(): ComputeDtype<D> {
    return this.#options.policy.computeDtype as ComputeDtype<D>;
  }

  /**
   * Returns the config that Keras 3.15's `get_config()` returns, with the same keys. Keras reads its JSON, and so does
   * `Bidirectional.fromConfig`. The `build_config` of a built half has `null` for the number of timesteps.
   */
  getConfig(): BidirectionalConfig<S, M, D, H> {
    const { policy, activityRegularizer, mergeMode } = this.#options;
    const [forward, backward] = this.#parts.composite.halves as [LayerParts, LayerParts];
    return {
      name: this.name,
      trainable: this.trainable,
      dtype: policy.serialize(),
      ...(activityRegularizer === null ? {} : { activity_regularizer: activityRegularizer.serialize() }),
      merge_mode: mergeMode,
      layer: serializedGru(forward),
      backward_layer: serializedGru(backward),
    } as unknown as BidirectionalConfig<S, M, D, H>;
  }

  /**
   * Sets all weights from a Bidirectional of two GRUs in a Keras model file of any kind. `source` is the file's path,
   * its `file:` URL or its bytes, which are copied before this method returns. Builds the layer if it is not built.
   *
   * Rejects with the errors of `fromKeras`, and with `ERR_SHAPE` or `ERR_ARGUMENT` when the weights do not fit this
   * layer. The layer has then not changed.
   */
  async loadWeights(source: FileSource, args?: LoadWeightsArguments | null): Promise<void> {
    const { composite } = this.#parts;
    requireAlive(composite);
    const read = readSource(source);
    const layer = readLayerName(args);
    takeOverAll(composite, await readPairWeights(read, layer));
  }

  /**
   * Writes the current weights to a file whose path ends in `.weights.h5`, which appears complete or not at all. It is
   * the file that Keras 3's `save_weights` writes for a Sequential model with this layer.
   *
   * Rejects with `ERR_ARGUMENT` for any other path or a path that cannot be written, with `ERR_NOT_BUILT`, and with
   * `ERR_DISPOSED`.
   */
  async saveWeights(path: string, args?: SaveWeightsArguments | null): Promise<void> {
    const request = readSave(path, args);
    requireAllBuilt(this.#parts.composite, "saveWeights");
    await writeComposite(request, this.#parts.composite);
  }
}

function isLayer(value: unknown): boolean {
  return partsOf(value) !== undefined || compositeOf(value) !== undefined;
}

/** `Given` if an argument was passed, else `Config`, the type from the config. */
type Overridden<Given, Config> = [Given] extends [never] ? Config : Given;

/**
 * The properties that tell a GRU from other layers. As the constraint of a type parameter, `GRU` itself would make the
 * compiler infer `GRU<boolean>` for a `new GRU(...)` that is written as the argument.
 */
export interface GRULike {
  /** The size of the output's last dimension. */
  readonly units: number;
  /** The recurrent kernel. */
  readonly recurrent_kernel: unknown;
}

/** The `return_state` of a GRU's type. */
type ReturnStateOf<L> = L extends GRU<infer S, DtypeName> ? S : boolean;

/** The dtype of a GRU's type. */
type DtypeOf<L> = L extends GRU<boolean, infer D> ? D : DtypeName;

/** The `Bidirectional` class. Its constructor derives the types of the layer's results from its arguments. */
export interface BidirectionalConstructor {
  /**
   * Makes a layer: `new Bidirectional(layer, args)`. As in Keras, the forward half is a copy of `layer` with weights of
   * its own, named `forward_` and the name of `layer`. Both halves have `zero_output_for_mask` when they return
   * sequences, and not otherwise.
   *
   * Throws `ERR_ARGUMENT` for an unknown argument, a bad value, or halves that do not fit together, and `ERR_DTYPE` for
   * an unknown dtype. A given `backward_layer` has then not changed.
   */
  new <L extends GRULike, M extends MergeMode = "concat", D extends DtypeName = "float32", B extends DtypeName = never>(
    layer: L,
    args?: BidirectionalArguments<ReturnStateOf<L>, M, D, B>,
  ): Bidirectional<ReturnStateOf<L>, M, D, DtypeOf<L> | B>;
  /** Makes a layer: `new Bidirectional({ layer, ...args })`, with the same errors. */
  new <L extends GRULike, M extends MergeMode = "concat", D extends DtypeName = "float32", B extends DtypeName = never>(
    args: BidirectionalArguments<ReturnStateOf<L>, M, D, B> & {
      /** The layer to copy. */
      layer: L;
    },
  ): Bidirectional<ReturnStateOf<L>, M, D, DtypeOf<L> | B>;
  /** The prototype of all layers, for `instanceof`. */
  readonly prototype: Bidirectional;
  /**
   * Makes a layer from the config that `getConfig()` or Keras's `get_config()` returned (of Keras 3, tf.keras 2, Keras 2
   * and Keras 1), or from the serialized layer around it, `{ class_name: "Bidirectional", config }`. As in Keras, the
   * layer is built, with new weights, if the config says for which shape. `extra` overrides the config.
   *
   * Throws the errors of the constructor and of `GRU.fromConfig`, and `ERR_UNSUPPORTED` for layers that are not GRUs.
   */
  fromConfig<
    S extends boolean = boolean,
    M extends MergeMode = MergeMode,
    D extends DtypeName = DtypeName,
    H extends DtypeName = DtypeName,
    ExtraS extends boolean = never,
    ExtraM extends MergeMode = never,
    ExtraD extends DtypeName = never,
  >(
    config: BidirectionalConfig<S, M, D, H>,
    extra?: BidirectionalOverrides<ExtraS, ExtraM, ExtraD>,
  ): Bidirectional<Overridden<ExtraS, S>, [ExtraM] extends [never] ? M : ExtraM, Overridden<ExtraD, D>, H>;
  /**
   * Makes a built layer with the config and weights of a Bidirectional of two GRUs in a `.keras` or whole-model `.h5`
   * file, in the file's dtypes. `source` is the file's path, its `file:` URL or its bytes, which are copied before this
   * method returns. The layer's calls return one tensor unless `return_state` or `merge_mode: null` is passed here. It
   * must be passed when the file has it.
   *
   * Rejects with the errors of `GRU.fromKeras` and of the constructor.
   */
  fromKeras<S extends boolean = false, M extends MergeMode = Exclude<MergeMode, null>, D extends DtypeName = DtypeName>(
    source: FileSource,
    args?: BidirectionalFromKerasArguments<S, M, D>,
  ): Promise<Bidirectional<S, M, D>>;
}

/** Makes the layer that a config or a file describes. Its weights are not made yet. */
function layerFrom({ own, forward, backward }: Omit<ConfigArguments, "builtFor">): BidirectionalLayer {
  const layer = new GRU(forward as never);
  const backward_layer = backward === null ? null : new GRU(backward as never);
  return new Bidirectional({ ...own, layer, backward_layer } as never) as unknown as BidirectionalLayer;
}

const OF_KERAS: ReadonlySet<string> = new Set(["layer", ...OVERRIDES]);

/** The class expression is named Bidirectional because messages of the runtime print this name. */
const BidirectionalImplementation = class Bidirectional extends BidirectionalLayer {
  static fromConfig(config: unknown, extra?: unknown): BidirectionalLayer {
    const { builtFor, ...args } = reading("fromConfig", () => readBidirectionalConfig(config, extra));
    const layer = layerFrom(args);
    if (builtFor !== null) layer.build(builtFor);
    return layer;
  }

  static async fromKeras(source: FileSource, args: BidirectionalFromKerasArguments = {}): Promise<BidirectionalLayer> {
    const read = readSource(source);
    const { layer, ...extra } = reading("fromKeras", () =>
      copyKnown(args, OF_KERAS, "Bidirectional.fromKeras", "arguments of fromKeras"),
    );
    if (layer !== undefined && typeof layer !== "string") {
      throw expected("ERR_ARGUMENT", "layer", "the name of a layer", layer);
    }
    const file = await readBidirectionalFile(read, layer);
    requireKnownResults(file, extra, read.shown);
    const { own, forward, backward } = file;
    const made = layerFrom(reading("fromKeras", () => argumentsOfBidirectional({ own, forward, backward }, extra)));
    takeOverAll(compositeOf(made) as Composite, file.weights);
    return made;
  }
};

printAsText(BidirectionalImplementation);

/**
 * The Keras Bidirectional layer of two GRUs. `S` is the `return_state` of the halves, `M` the merge mode, `D` the dtype,
 * and `H` the dtype of the halves.
 */
export type Bidirectional<
  S extends boolean = boolean,
  M extends MergeMode = MergeMode,
  D extends DtypeName = DtypeName,
  H extends DtypeName = DtypeName,
> = BidirectionalLayer<S, M, D, H>;

/** The Keras Bidirectional layer of two GRUs. */
export const Bidirectional: BidirectionalConstructor =
  BidirectionalImplementation as unknown as BidirectionalConstructor;
