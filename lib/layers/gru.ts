import { GRU_ARGUMENT_NAMES, type GRUArguments } from "../arguments/constructor.js";
import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import { type FileSource, readSource } from "../formats/source.js";
import type { CustomObjects } from "../keras/custom_objects.js";
import type { DtypeName } from "../keras/dtype_policy.js";
import { copyKnown } from "../options/record.js";
import { printAsText } from "../tensor/print_as_text.js";
import type { GRUConfig } from "./config.js";
import { layerArguments, readConfig } from "./from_config.js";
import { GRULayer } from "./layer.js";

/** The constructor's arguments, including `units`. */
export type GRUArgumentsWithUnits<S extends boolean = boolean, D extends DtypeName = DtypeName> = GRUArguments<S, D> & {
  /** The size of the state and of the output's last dimension: a positive integer below 2^31. */
  units: number;
};

/** The arguments of `fromConfig`, beside the config. They override the config unless they are `undefined`. */
export type FromConfigArguments<S extends boolean = boolean, D extends DtypeName = DtypeName> = GRUArguments<S, D> & {
  /** The size of the state and of the output's last dimension: a positive integer below 2^31. */
  units?: number | undefined;
  /** Your own activations, constraints, initializers and regularizers, under the names that the config has for them. */
  custom_objects?: CustomObjects | null | undefined;
};

/** The arguments of `fromKeras`, beside the file. They override the file's config unless they are `undefined`. */
export type FromKerasArguments<S extends boolean = boolean, D extends DtypeName = DtypeName> = FromConfigArguments<
  S,
  D
> & {
  /** The Keras name of the layer to read. It is required when the file has several GRUs. */
  layer?: string | undefined;
};

/** `Given` if an argument was passed, else `Config`, the type from the config. */
type Overridden<Given, Config> = [Given] extends [never] ? Config : Given;

/** The `GRU` class. Its constructor derives the types of the layer's results from `return_state` and `dtype`. */
export interface GRUConstructor {
  /**
   * Makes a layer: `new GRU(units, args)` or `new GRU({ units, ...args })`.
   *
   * Throws `ERR_ARGUMENT` for an unknown argument or a bad value, `ERR_DTYPE` for an unknown dtype, and
   * `ERR_UNSUPPORTED` for arguments that this version cannot compute.
   */
  new <S extends boolean = false, D extends DtypeName = "float32">(units: number, args?: GRUArguments<S, D>): GRU<S, D>;
  /** Makes a layer: `new GRU({ units, ...args })`, with the same errors. */
  new <S extends boolean = false, D extends DtypeName = "float32">(args: GRUArgumentsWithUnits<S, D>): GRU<S, D>;
  /** The prototype of all layers, for `instanceof`. */
  readonly prototype: GRU;
  /**
   * Makes a layer from the config that `getConfig()` or Keras's `get_config()` returned (of Keras 3, tf.keras 2, Keras
   * 2 and Keras 1), or from the serialized layer around it, `{ class_name: "GRU", config }`. `extra` overrides the
   * config and adds arguments that configs do not have (`use_cudnn`, `implementation`, `cuda_device`,
   * `custom_objects`).
   *
   * A constraint, regularizer or initializer that is not known is kept for `getConfig()`, and causes `ERR_UNSUPPORTED`
   * when training needs it. Throws the errors of the constructor, `ERR_UNSUPPORTED` for `time_major: true`, and
   * `ERR_CALLBACK` when a class of `custom_objects` throws.
   */
  fromConfig<
    S extends boolean = boolean,
    D extends DtypeName = DtypeName,
    ExtraS extends boolean = never,
    ExtraD extends DtypeName = never,
  >(
    config: GRUConfig<S, D>,
    extra?: FromConfigArguments<ExtraS, ExtraD>,
  ): GRU<Overridden<ExtraS, S>, Overridden<ExtraD, D>>;
  /**
   * Makes a built layer with the config and weights of a GRU in a `.keras` or whole-model `.h5` file, in the file's
   * dtype. `source` is the file's path, its `file:` URL or its bytes, which are copied before this method returns. The
   * layer's calls return one tensor unless `return_state` is passed here. It must be passed when the file says
   * `return_state: true`.
   *
   * Rejects with `ERR_FILE_FORMAT`, with `ERR_ARGUMENT` (no such layer, several GRUs and no `layer`, a file of weights
   * only, or a layer that returns its state), with `ERR_SHAPE` when the file has other `units`, with `ERR_UNSUPPORTED`,
   * and with the errors of the constructor.
   */
  fromKeras<S extends boolean = false, D extends DtypeName = DtypeName>(
    source: FileSource,
    args?: FromKerasArguments<S, D>,
  ): Promise<GRU<S, D>>;
}

/** The arguments of `fromConfig` and of `fromKeras`. */
const OF_CONFIG: ReadonlySet<string> = new Set([...GRU_ARGUMENT_NAMES, "custom_objects"]);
const OF_KERAS: ReadonlySet<string> = new Set(["layer", ...OF_CONFIG]);

/**
 * The class expression is named GRU because messages of the runtime print this name, for example when `new` is
 * forgotten.
 */
const GRUImplementation = class GRU extends GRULayer {
  static fromConfig(config: GRUConfig, extra?: FromConfigArguments): GRULayer {
    return new GRU(
      reading("fromConfig", () => {
        const known = extra === undefined ? undefined : copyKnown(extra, OF_CONFIG, "GRU.fromConfig", "extra");
        return layerArguments(readConfig(config), known);
      }) as never,
    );
  }

  static async fromKeras(source: FileSource, args: FromKerasArguments = {}): Promise<GRULayer> {
    const read = readSource(source);
    const { layer, ...extra } = reading("fromKeras", () =>
      copyKnown(args, OF_KERAS, "GRU.fromKeras", "arguments of fromKeras"),
    );
    if (layer !== undefined && typeof layer !== "string") {
      throw expected("ERR_ARGUMENT", "layer", "the name of a layer", layer);
    }
    const { readKerasGru } = await import("../formats/index.js");
    const file = await readKerasGru(read, layer === undefined ? {} : { layer });
    if (extra.return_state === undefined && file.config.return_state === true) throw returnsState(read.shown);
    const gru = new GRU(reading("fromKeras", () => layerArguments(file.config, extra)));
    gru.takeWeights({ file, source: read });
    return gru;
  }
};

/**
 * Returns the error about a file whose layer returns its state. The type of a layer must not be wrong about its
 * results, and no type knows the content of a file.
 */
function returnsState(file: string): GRUError {
  return expectedText(
    "ERR_ARGUMENT",
    "arguments of fromKeras",
    "`return_state`",
    `none, and the layer in ${file} has \`return_state: true\``,
    { remedy: "Pass { return_state: true }, for calls that give [output, state], or { return_state: false }." },
  );
}

printAsText(GRUImplementation);

/**
 * The Keras GRU layer. `S` is its `return_state`: calls return a `Tensor` for `GRU<false>` and `[output, state]` for
 * `GRU<true>`. `D` is its `dtype`: the data of results is a `Float32Array` for `"float32"`, a `Float64Array` for
 * `"float64"`, and a `Uint16Array` of bits for all others. A plain `GRU` is any of them.
 */
export type GRU<S extends boolean = boolean, D extends DtypeName = DtypeName> = GRULayer<S, D>;

/** The Keras GRU layer. */
export const GRU: GRUConstructor = GRUImplementation as unknown as GRUConstructor;
