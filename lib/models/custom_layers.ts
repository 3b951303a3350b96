import { expected } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import { isRecord } from "../options/record.js";
import type { Tensor, TensorLike } from "../tensor/tensor.js";
import type { Structure } from "./graph/structure.js";

/** The arguments of a layer of your own. */
export interface CustomLayerCall {
  /** The layer's Keras name. */
  readonly name: string;
  /** The inputs of the layer, as Keras passes them: one tensor, a list, or an object. They belong to the function. */
  readonly inputs: Structure<Tensor>;
  /** The masks of the inputs, in the same structure, `null` where there is none. */
  readonly mask: Structure<Tensor | null>;
  /** The other arguments of the call, by name. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** The config of the layer, as Keras wrote it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The weights of the layer: its own in Keras's order, then those of the layers inside of it. */
  readonly weights: readonly Tensor[];
}

/** The outputs of a layer of your own: one tensor, a list, or an object. The first axis of each is the batch. */
export type CustomLayerResult =
  | TensorLike
  | readonly TensorLike[]
  | {
      /** The output of this name. */
      readonly [name: string]: TensorLike;
    };

/** Computes a layer that this package does not have. Only `predictAsync` waits for a promise. */
export type CustomLayer = (call: CustomLayerCall) => CustomLayerResult | Promise<CustomLayerResult>;

/**
 * Layers of your own, by the name of the class (`"MyLayer"`), the registered name (`"package>MyLayer"`), or for a Lambda
 * the name of the layer.
 */
export type CustomLayers = Readonly<Record<string, CustomLayer>>;

/** Reads `custom_objects`. Throws `ERR_ARGUMENT`, naming the entry. */
export function readCustomLayers(value: unknown): ReadonlyMap<string, CustomLayer> {
  if (value === undefined || value === null) return new Map();
  return reading("custom_objects", () => {
    if (!isRecord(value)) throw expected("ERR_ARGUMENT", "custom_objects", "an object of functions by name", value);
    const entries = Object.entries(value);
    for (const [name, entry] of entries) {
      if (typeof entry === "function") continue;
      throw expected(
        "ERR_ARGUMENT",
        `custom_objects.${name}`,
        "a function ({ inputs, config, weights, mask }) => tensors",
        entry,
      );
    }
    return new Map(entries as [string, CustomLayer][]);
  });
}
