import type { GRUArguments } from "../arguments/constructor.js";
import { expected } from "../arguments/messages.js";
import { isRecord } from "../arguments/predicates.js";
import type { CustomObjects } from "../keras/custom_objects.js";
import type { GRUConfig } from "./config.js";
import { layerArguments, readConfig } from "./from_config.js";
import { GRULayer } from "./layer.js";

/** The constructor's arguments with `units` among them. */
export type GRUArgumentsWithUnits = GRUArguments & {
  /** Size of the state and of the output's last dimension: a positive integer below 2^31. */
  units: number;
};

/** What `fromConfig` takes beside the config: arguments that override it. */
export type FromConfigArguments = Partial<GRUArgumentsWithUnits> & {
  /** Your own activations, constraints, initializers and regularizers, by the names that the config has for them. */
  custom_objects?: CustomObjects | null;
};

/** What `fromKeras` takes beside the path: arguments that override the file's config. */
export type FromKerasArguments = FromConfigArguments & {
  /** Which layer to read, by its Keras name; needed when the file has several GRUs. */
  layer?: string;
};

/** The `GRU` class: its constructor knows from `return_state` what the layer's calls give. */
export interface GRUConstructor {
  /**
   * `new GRU(units, args)` or `new GRU({ units, ...args })`.
   *
   * Throws `ERR_ARGUMENT` for an unknown argument or a bad value, `ERR_DTYPE` for an unknown dtype, `ERR_UNSUPPORTED`
   * for what this version cannot compute.
   */
  new (units: number, args: GRUArguments & { return_state: true }): GRU<true>;
  new (units: number, args?: GRUArguments & { return_state?: false }): GRU<false>;
  new (units: number, args?: GRUArguments): GRU;
  new (args: GRUArgumentsWithUnits & { return_state: true }): GRU<true>;
  new (args: GRUArgumentsWithUnits & { return_state?: false }): GRU<false>;
  new (args: GRUArgumentsWithUnits): GRU;
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
  fromConfig(config: GRUConfig, extra?: FromConfigArguments): GRU;
  /**
   * A built layer with the config and weights of a GRU in a `.keras` or whole-model `.h5` file, in the file's dtype. Rejects
   * with `ERR_FILE_FORMAT`, `ERR_ARGUMENT` (no such layer, several GRUs and no `layer`, or a file of
   * weights only), `ERR_UNSUPPORTED`, and as the constructor throws.
   */
  fromKeras(path: string, args?: FromKerasArguments): Promise<GRU>;
}

class GRUImplementation<S extends boolean = boolean> extends GRULayer<S> {
  static fromConfig(config: GRUConfig, extra?: FromConfigArguments): GRU {
    return new GRUImplementation(layerArguments(readConfig(config), extra));
  }

  static async fromKeras(path: string, args: FromKerasArguments = {}): Promise<GRU> {
    if (typeof path !== "string") throw expected("ERR_ARGUMENT", "path", "the path of a Keras model file", path);
    if (!isRecord(args)) throw expected("ERR_ARGUMENT", "arguments of fromKeras", "an object", args);
    const { layer, ...extra } = args as FromKerasArguments;
    if (layer !== undefined && typeof layer !== "string") {
      throw expected("ERR_ARGUMENT", "layer", "the name of a layer", layer);
    }
    const { readKerasGru } = await import("../formats/index.js");
    const file = await readKerasGru(path, layer === undefined ? {} : { layer });
    const gru = new GRUImplementation(layerArguments(file.config, extra));
    gru.takeWeights(file, path);
    return gru;
  }
}

Object.defineProperty(GRUImplementation, "name", { value: "GRU" });

/**
 * The Keras GRU layer. `S` is its `return_state`: calls give a `Tensor` for `GRU<false>` and `[output, state]` for
 * `GRU<true>`; a plain `GRU` is either.
 */
export type GRU<S extends boolean = boolean> = GRULayer<S>;

/** The Keras GRU layer. */
export const GRU: GRUConstructor = GRUImplementation as unknown as GRUConstructor;
