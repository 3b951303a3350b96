import type { GRUArguments } from "../arguments/constructor.js";
import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import { type FileSource, readSource } from "../formats/source.js";
import type { CustomObjects } from "../keras/custom_objects.js";
import type { DtypeName } from "../keras/dtype_policy.js";
import { isRecord } from "../options/record.js";
import { printAsText } from "../tensor/print_as_text.js";
import type { GRUConfig } from "./config.js";
import { layerArguments, readConfig } from "./from_config.js";
import { GRULayer } from "./layer.js";

/** The constructor's arguments with `units` among them. */
export type GRUArgumentsWithUnits<S extends boolean = boolean, D extends DtypeName = DtypeName> = GRUArguments<S, D> & {
  /** Size of the state and of the output's last dimension: a positive integer below 2^31. */
  units: number;
};

/** What `fromConfig` takes beside the config: arguments that override it. What is `undefined` does not. */
export type FromConfigArguments<S extends boolean = boolean, D extends DtypeName = DtypeName> = GRUArguments<S, D> & {
  /** Size of the state and of the output's last dimension: a positive integer below 2^31. */
  units?: number | undefined;
  /** Your own activations, constraints, initializers and regularizers, by the names that the config has for them. */
  custom_objects?: CustomObjects | null | undefined;
};

/** What `fromKeras` takes beside the file: arguments that override the file's config. What is `undefined` does not. */
export type FromKerasArguments<S extends boolean = boolean, D extends DtypeName = DtypeName> = FromConfigArguments<
  S,
  D
> & {
  /** Which layer to read, by its Keras name; needed when the file has several GRUs. */
  layer?: string | undefined;
};

/** `Given` where an argument was given, else `Config`, what the config says. */
type Overridden<Given, Config> = [Given] extends [never] ? Config : Given;

/** The `GRU` class: its constructor knows from `return_state` and `dtype` what the layer's calls give. */
export interface GRUConstructor {
  /**
   * `new GRU(units, args)` or `new GRU({ units, ...args })`.
   *
   * Throws `ERR_ARGUMENT` for an unknown argument or a bad value, `ERR_DTYPE` for an unknown dtype, `ERR_UNSUPPORTED`
   * for what this version cannot compute.
   */
  new <S extends boolean = false, D extends DtypeName = "float32">(units: number, args?: GRUArguments<S, D>): GRU<S, D>;
  /** `new GRU({ units, ...args })`, with the same errors. */
  new <S extends boolean = false, D extends DtypeName = "float32">(args: GRUArgumentsWithUnits<S, D>): GRU<S, D>;
  /** The prototype of all layers, for `instanceof`. */
  readonly prototype: GRU;
  /**
   * A layer from what `getConfig()` or Keras's `get_config()` gave (Keras 3's, tf.keras 2's, Keras 2's and 1's), or from the
   * serialized layer around it, `{ class_name: "GRU", config }`. `extra` overrides it and adds what configs do not carry
   * (`use_cudnn`, `implementation`, `cuda_device`, `custom_objects`).
   *
   * A constraint, regularizer or initializer that is not known is kept for `getConfig()`, and `ERR_UNSUPPORTED` once training
   * needs it. Throws as the constructor; `ERR_UNSUPPORTED` for `time_major: true`; `ERR_CALLBACK` when a class of
   * `custom_objects` throws.
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
   * A built layer with the config and weights of a GRU in a `.keras` or whole-model `.h5` file, in the file's dtype. `source`
   * is its path, its `file:` URL or its bytes (copied before this returns). Its calls give one tensor unless `return_state` is
   * passed here: where the file says `return_state: true` it must be.
   *
   * Rejects with `ERR_FILE_FORMAT`, `ERR_ARGUMENT` (no such layer, several GRUs and no `layer`, a file of weights only,
   * or one that returns its state), `ERR_SHAPE` (other `units` than the file's), `ERR_UNSUPPORTED`, and as the constructor
   * throws.
   */
  fromKeras<S extends boolean = false, D extends DtypeName = DtypeName>(
    source: FileSource,
    args?: FromKerasArguments<S, D>,
  ): Promise<GRU<S, D>>;
}

/** The class expression has the name that messages of the runtime give, as when `new` is forgotten. */
const GRUImplementation = class GRU extends GRULayer {
  static fromConfig(config: GRUConfig, extra?: FromConfigArguments): GRULayer {
    return new GRU(reading("fromConfig", () => layerArguments(readConfig(config), extra)));
  }

  static async fromKeras(source: FileSource, args: FromKerasArguments = {}): Promise<GRULayer> {
    const read = readSource(source);
    // A copy, since getters and proxies may throw or say something else later.
    const { layer, ...extra } = reading("fromKeras", () => {
      if (!isRecord(args)) throw expected("ERR_ARGUMENT", "arguments of fromKeras", "an object", args);
      return { ...args } as FromKerasArguments;
    });
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

/** A layer's type must not be wrong about its results, and no type knows what a file says. */
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
 * The Keras GRU layer. `S` is its `return_state`: calls give a `Tensor` for `GRU<false>` and `[output, state]` for
 * `GRU<true>`. `D` is its `dtype`: the data of results is a `Float32Array` for `"float32"`, a `Float64Array` for `"float64"`,
 * and the bits in a `Uint16Array` for the rest. A plain `GRU` is any of them.
 */
export type GRU<S extends boolean = boolean, D extends DtypeName = DtypeName> = GRULayer<S, D>;

/** The Keras GRU layer. */
export const GRU: GRUConstructor = GRUImplementation as unknown as GRUConstructor;
