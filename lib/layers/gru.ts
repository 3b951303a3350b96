import type { GRUArguments } from "../arguments/constructor.js";
import { expected, reading } from "../arguments/messages.js";
import { isRecord } from "../arguments/predicates.js";
import { type CustomObjects, readCustomObjects, withCustomObjects } from "../keras/custom_activation.js";
import type { GRUConfig } from "./config.js";
import { GRULayer } from "./layer.js";

/** The constructor's arguments with `units` among them. */
export type GRUArgumentsWithUnits = GRUArguments & {
  /** Size of the state and of the output's last dimension: a positive integer below 2^31. */
  units: number;
};

/** What `fromConfig` takes beside the config: arguments that override it. */
export type FromConfigArguments = Partial<GRUArgumentsWithUnits> & {
  /** Your own activations, by the names that the config has for them. */
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
   * A layer from what `getConfig()` or Keras's `get_config()` gave; `extra` overrides it and adds what configs do not
   * carry (`use_cudnn`, `implementation`, `cuda_device`, the functions of `custom_objects`). Throws as the constructor.
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
    return reading("fromConfig", () => GRUImplementation.#fromConfig(config, extra));
  }

  static #fromConfig(config: GRUConfig, extra?: FromConfigArguments): GRU {
    if (!isRecord(config)) throw expected("ERR_ARGUMENT", "config", "an object as getConfig() gives", config);
    if (extra !== undefined && !isRecord(extra)) throw expected("ERR_ARGUMENT", "extra", "an object", extra);
    const { custom_objects, ...overrides } = extra ?? {};
    const objects = readCustomObjects(custom_objects);
    const args: FromConfigArguments = { ...config, ...overrides };
    for (const key of ["activation", "recurrent_activation"] as const) {
      if (key in args) args[key] = withCustomObjects(args[key], objects) as typeof args.activation;
    }
    return new GRUImplementation(args);
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
    const gru = GRUImplementation.fromConfig(file.config, extra);
    gru.build([null, null, file.features]);
    gru.setWeights(file.weights);
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
