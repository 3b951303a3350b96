import { reading } from "../errors/reading.js";
import { type FileSource, readSource } from "../formats/source.js";
import type { CustomObjects } from "../keras/custom_objects.js";
import type { DtypeName } from "../keras/dtype_policy.js";
import type { MergeMode } from "../keras/merge_mode.js";
import { printAsText } from "../tensor/print_as_text.js";
import type { Bidirectional, GRULike } from "./bidirectional.js";
import { type Composite, requireAlive } from "./composite/composite.js";
import { CompositeLayer, compositeOf } from "./composite/composite_layer.js";
import { requireAllBuilt, takeOverAll } from "./composite/composite_weights.js";
import type { LayerOutput, StackResult } from "./composite/wrapper_types.js";
import type { GRU } from "./gru.js";
import {
  type GRUStackConfig,
  layersOfConfig,
  layersOfFile,
  readStackKerasArguments,
  serializedLayers,
} from "./gru_stack_config.js";
import { type StackLayer, type StackParts, stackParts } from "./gru_stack_parts.js";
import { readSave, type SaveWeightsArguments } from "./weights/save_weights.js";
import { readLayerNames, readStageWeights, wantedStages, writeComposite } from "./wrapper_files.js";

/** The arguments of a `GRUStack`, beside its layers. `S` is the type of `return_state`. */
export interface GRUStackArguments<S extends boolean = boolean> {
  /**
   * Whether calls return the last states of all GRUs after the output: layers in order, forward before backward; false by
   * default.
   */
  return_state?: S | undefined;
  /** The name of the stack; `gru_stack`, `gru_stack_1`, … by default. */
  name?: string | null | undefined;
}

/** Arguments that `GRUStack.fromConfig` takes beside the config. They override it unless they are `undefined`. */
export interface GRUStackOverrides<S extends boolean = boolean> extends GRUStackArguments<S> {
  /** The `use_cudnn` of all layers. */
  use_cudnn?: boolean | "auto" | undefined;
  /** The `cuda_device` of all layers. */
  cuda_device?: number | undefined;
  /** Your own activations, constraints, initializers and regularizers, under the names that the config has for them. */
  custom_objects?: CustomObjects | null | undefined;
}

/** The arguments of `GRUStack.fromKeras`, beside the file. */
export type GRUStackFromKerasArguments<S extends boolean = boolean> = GRUStackOverrides<S> & {
  /** The Keras names of the layers to read, from the first to the last. */
  layers: readonly string[];
};

/** The arguments of a stack's `loadWeights`, beside the file. */
export interface LoadStackWeightsArguments {
  /**
   * The Keras names of the layers to read, from the first to the last. By default they are the places that Keras gives
   * the layers of a Sequential model in its files: `layers/gru`, `layers/gru_1`, `layers/bidirectional`, and so on.
   */
  layers?: readonly string[] | undefined;
}

/** Makes a stack from layers, or reads one. Its class is `GRUStack`. */
class GRUStackLayer<
  S extends boolean = boolean,
  M extends MergeMode = MergeMode,
  D extends DtypeName = DtypeName,
> extends CompositeLayer<StackResult<S, M, D>, LayerOutput<M, D>> {
  readonly #parts: StackParts;

  /** @internal */
  constructor(layers: unknown, args?: unknown) {
    const parts = stackParts(layers, args);
    super(parts.composite);
    this.#parts = parts;
  }

  /** The layers, from the first to the last, in a new list. */
  get layers(): StackLayer[] {
    return [...this.#parts.layers] as StackLayer[];
  }

  /** Returns a config that can be written as JSON, and that `GRUStack.fromConfig` reads. Keras has no such layer. */
  getConfig(): GRUStackConfig<S> {
    return serializedLayers(this.name, this.#parts) as GRUStackConfig<S>;
  }

  /**
   * Sets all weights from the layers of a Keras model file of any kind. `source` is the file's path, its `file:` URL or
   * its bytes, which are copied before this method returns. Builds the layers that are not built.
   *
   * Rejects with the errors of `fromKeras`, and with `ERR_SHAPE` or `ERR_ARGUMENT` when the weights do not fit. No layer
   * has changed then.
   */
  async loadWeights(source: FileSource, args?: LoadStackWeightsArguments | null): Promise<void> {
    const { composite } = this.#parts;
    requireAlive(composite);
    const read = readSource(source);
    const names = readLayerNames(args, composite);
    takeOverAll(composite, await readStageWeights(read, wantedStages(composite, names)));
  }

  /**
   * Writes the current weights to a file whose path ends in `.weights.h5`, which appears complete or not at all. It is
   * the file that Keras 3's `save_weights` writes for a Sequential model of these layers.
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

/** The properties that tell a layer of a stack from others: those of a GRU, or of a Bidirectional. */
type StackLayerLike = GRULike | Pick<Bidirectional, "merge_mode">;

/** The last item of a list. */
type Last<L extends readonly unknown[]> = L extends readonly [...unknown[], infer Item] ? Item : L[number];

/** The merge mode of a layer: that of a Bidirectional, and `"concat"` for a GRU, which has one output too. */
type MergeOf<Layer> = Layer extends Bidirectional<boolean, infer M> ? M : "concat";

/** The dtype of a layer's outputs. */
type DtypeOf<Layer> =
  Layer extends Bidirectional<boolean, MergeMode, infer D> ? D : Layer extends GRU<boolean, infer D> ? D : DtypeName;

/** The `GRUStack` class. Its constructor derives the types of the results from the last layer and `return_state`. */
export interface GRUStackConstructor {
  /**
   * Makes a stack of GRUs and Bidirectionals, which are used themselves: the stack has their weights, states and
   * generators. Each layer gets the output of the one before it. All layers except the last need `return_sequences`.
   *
   * Throws `ERR_ARGUMENT` for layers that cannot follow each other, for a layer with `return_state` (pass it to the
   * stack) and for a GRU that comes twice, `ERR_SHAPE` for a layer that is built for other features than it would get,
   * and `ERR_DTYPE` for one with `autocast: false` that would get another dtype.
   */
  new <const L extends readonly StackLayerLike[], S extends boolean = false>(
    layers: L,
    args?: GRUStackArguments<S>,
  ): GRUStack<S, MergeOf<Last<L>>, DtypeOf<Last<L>>>;
  /** The prototype of all stacks, for `instanceof`. */
  readonly prototype: GRUStack;
  /**
   * Makes a stack from the config that `getConfig()` returned. `extra` overrides it. Throws the errors of the
   * constructor, of `GRU.fromConfig` and of `Bidirectional.fromConfig`.
   */
  fromConfig<S extends boolean = boolean, ExtraS extends boolean = never>(
    config: GRUStackConfig<S>,
    extra?: GRUStackOverrides<ExtraS>,
  ): GRUStack<[ExtraS] extends [never] ? S : ExtraS>;
  /**
   * Makes a built stack with the configs and weights of layers in a `.keras` or whole-model `.h5` file. Whether its calls
   * return states is said here, whatever the layers in the file return.
   *
   * Rejects with the errors of `GRU.fromKeras` and of the constructor, and with `ERR_ARGUMENT` when the last layer has
   * `merge_mode: null`.
   */
  fromKeras<S extends boolean = false>(
    source: FileSource,
    args: GRUStackFromKerasArguments<S>,
  ): Promise<GRUStack<S, Exclude<MergeMode, null>>>;
}

/** The class expression is named GRUStack because messages of the runtime print this name. */
const GRUStackImplementation = class GRUStack extends GRUStackLayer {
  static fromConfig(config: unknown, extra?: unknown): GRUStackLayer {
    const { layers, args, trainable } = layersOfConfig(config, extra);
    const stack = new GRUStack(layers, args);
    (compositeOf(stack) as Composite).owner.trainable = trainable;
    return stack;
  }

  static async fromKeras(source: FileSource, given: unknown): Promise<GRUStackLayer> {
    const read = readSource(source);
    const { names, extra, args } = reading("fromKeras", () => readStackKerasArguments(given));
    const { layers, weights } = await layersOfFile(read, names, extra);
    const stack = new GRUStack(layers, args);
    takeOverAll(compositeOf(stack) as Composite, weights);
    return stack;
  }
};

printAsText(GRUStackImplementation);

/**
 * Several GRUs and Bidirectionals whose call is one call. `S` is the stack's `return_state`, `M` the merge mode of its
 * last layer, and `D` the dtype of that layer.
 */
export type GRUStack<
  S extends boolean = boolean,
  M extends MergeMode = MergeMode,
  D extends DtypeName = DtypeName,
> = GRUStackLayer<S, M, D>;

/** Several GRUs and Bidirectionals whose call is one call. */
export const GRUStack: GRUStackConstructor = GRUStackImplementation as unknown as GRUStackConstructor;
