import type { Argument, TensorRef } from "./arguments.js";
import type { Entry } from "./entry.js";
import type { Structure } from "./structure.js";

/** One call of a layer or operation in a model. */
export interface GraphNode {
  /** The position of the layer in `entries`. */
  readonly entry: number;
  /** The number of the call among the calls of the layer in this model. */
  readonly node: number;
  readonly args: readonly Argument[];
  readonly kwargs: Readonly<Record<string, Argument>>;
}

/** A Sequential or functional model, whichever Keras wrote it. */
export interface ModelGraph {
  /** The layers and operations, in the order of the config. */
  readonly entries: readonly Entry[];
  /** The calls, in an order in which every call comes after those whose results it takes. Inputs have none. */
  readonly nodes: readonly GraphNode[];
  readonly inputs: Structure<TensorRef>;
  readonly outputs: Structure<TensorRef>;
  /** The input of a Sequential without an InputLayer: its shape with the batch, or `null` when the config has none. */
  readonly implicitInput: { readonly shape: readonly unknown[] | null } | null;
}

/** The name of the input of a Sequential that has no InputLayer. */
export const IMPLICIT_INPUT = "\u0000input";
