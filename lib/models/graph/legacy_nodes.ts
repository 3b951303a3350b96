import { type Argument, isIndex, TensorRef } from "./arguments.js";
import { asObject, type Entry, entryError } from "./entry.js";
import type { GraphNode } from "./model_graph.js";

/** tf.keras 2 writes this in place of a layer's name for a first argument that is not a tensor. */
const CONSTANT = "_CONSTANT_VALUE";

/**
 * Reads a call as Keras 2 and tf.keras 2 write it: the first argument, a structure of `[layer, node, tensor, kwargs]`. The
 * other arguments are in the `kwargs`, in which tensors are `[layer, node, tensor]`.
 *
 * @param isLayer tells whether the model has a layer of this name.
 * @param firstNode returns the number that the first call of a layer has.
 */
export function readLegacyNode(
  node: unknown,
  isLayer: (name: string) => boolean,
  firstNode: (name: string) => number,
  model: Entry,
): Pick<GraphNode, "args" | "kwargs"> {
  let kwargs: Readonly<Record<string, unknown>> = {};
  const reference = (name: string, number: number, tensor: number) =>
    new TensorRef(name, Math.max(0, number - firstNode(name)), tensor);

  const readFirst = (value: unknown): Argument => {
    if (Array.isArray(value)) {
      const [name, number, tensor, own] = value;
      if (typeof name === "string" && (value.length === 3 || asObject(own) !== undefined)) {
        kwargs = { ...kwargs, ...asObject(own) };
        if (name === CONSTANT) return tensor as Argument;
        if (!isIndex(number) || !isIndex(tensor)) throw entryError(model, "expected tensors in inbound_nodes");
        return reference(name, number, tensor);
      }
      return value.map(readFirst);
    }
    const object = asObject(value);
    if (object === undefined) throw entryError(model, "expected tensors in inbound_nodes");
    return Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, readFirst(inner)]));
  };

  const readOther = (value: unknown): Argument => {
    if (Array.isArray(value)) {
      const [name, number, tensor] = value;
      const isTensor = value.length === 3 && typeof name === "string" && isIndex(number) && isIndex(tensor);
      return isTensor && isLayer(name) ? reference(name, number, tensor) : value.map(readOther);
    }
    const object = asObject(value);
    if (object === undefined) return value as Argument;
    return Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, readOther(inner)]));
  };

  const first = readFirst(node);
  const args = Array.isArray(first) && first.length === 1 ? (first as Argument[]) : [first];
  const others = Object.entries(kwargs).map(([key, value]) => [key, readOther(value)] as const);
  return { args, kwargs: Object.fromEntries(others) };
}
