import { type Argument, isIndex, readArgument, referencesIn, TensorRef } from "./arguments.js";
import { asObject, type Entry, entryError } from "./entry.js";
import { readLegacyNode } from "./legacy_nodes.js";
import type { GraphNode, ModelGraph } from "./model_graph.js";
import type { Structure } from "./structure.js";

/** A call as the config has it. */
type Call = Pick<GraphNode, "args" | "kwargs">;

/** Reads the graph of a functional model with these entries, which `layers` describes. */
export function readFunctional(model: Entry, entries: readonly Entry[], layers: readonly unknown[]): ModelGraph {
  const byName = new Map(entries.map((entry, index) => [entry.name, index]));
  if (byName.size < entries.length) throw entryError(model, "expected layers with different names");
  const calls = entries.map((entry, index) => {
    const nodes = asObject(layers[index])?.inbound_nodes ?? [];
    if (!Array.isArray(nodes)) throw entryError(entry, "expected a list of calls (inbound_nodes) but found none");
    return nodes.flatMap((node: unknown) => readCall(node, model, entries, byName) ?? []);
  });
  const { config } = model;
  return {
    entries,
    nodes: inOrder(entries, byName, calls),
    inputs: readTensors(config.input_layers, model, entries, byName),
    outputs: readTensors(config.output_layers, model, entries, byName),
    implicitInput: null,
  };
}

/** Reads one call, which Keras 3 writes as `{ args, kwargs }` and tf.keras 2 as a list of tensors. */
function readCall(node: unknown, model: Entry, entries: readonly Entry[], byName: Names): Call | null {
  const object = asObject(node);
  if (object !== undefined && "args" in object) {
    const args = readArgument(object.args);
    const kwargs = readArgument(object.kwargs ?? {});
    if (!Array.isArray(args)) throw entryError(model, "expected a list of arguments in a call");
    return { args: args as readonly Argument[], kwargs: kwargs as Readonly<Record<string, Argument>> };
  }
  if (object === undefined && !Array.isArray(node)) throw entryError(model, "expected calls in inbound_nodes");
  if (Array.isArray(node) && node.length === 0) return null;
  const firstNode = (name: string) => (isLegacyModel(entries[byName.get(name) ?? -1]) ? 1 : 0);
  return readLegacyNode(node, (name) => byName.has(name), firstNode, model);
}

type Names = ReadonlyMap<string, number>;

/** tf.keras 2 counts the making of an inner model as its first call, but not that of a Sequential without an InputLayer. */
function isLegacyModel(entry: Entry | undefined): boolean {
  const layers: unknown = entry?.config.layers;
  if (entry === undefined || !Array.isArray(layers)) return false;
  return entry.className !== "Sequential" || asObject(layers[0])?.class_name === "InputLayer";
}

/**
 * Returns the calls of all layers in an order in which each comes after those whose results it takes.
 *
 * @throws GRUError `ERR_FILE_FORMAT` if a call refers to one that does not exist, or calls refer to each other in a circle.
 */
function inOrder(entries: readonly Entry[], byName: Names, calls: readonly (readonly Call[])[]): GraphNode[] {
  const nodes = calls.flatMap((own, entry) => own.map((call, node): GraphNode => ({ entry, node, ...call })));
  const indexOf = new Map(nodes.map(({ entry, node }, index) => [`${entry}/${node}`, index]));
  const waiting = new Array<number>(nodes.length).fill(0);
  const followers = nodes.map((): number[] => []);
  nodes.forEach((node, index) => {
    for (const { layer, node: number } of referencesIn([...node.args, node.kwargs as Argument])) {
      const entry = byName.get(layer);
      if (entry === undefined) {
        throw entryError(
          entries[node.entry] as Entry,
          `expected inputs from the model but found ${JSON.stringify(layer)}`,
        );
      }
      const source = indexOf.get(`${entry}/${number}`);
      // The outputs of an InputLayer are there from the start.
      if (source === undefined && (calls[entry]?.length ?? 0) === 0 && number === 0) continue;
      if (source === undefined) {
        throw entryError(
          entries[node.entry] as Entry,
          `expected call ${number} of ${JSON.stringify(layer)} but found none`,
        );
      }
      waiting[index] = (waiting[index] as number) + 1;
      followers[source]?.push(index);
    }
  });
  const ready = nodes.map((_, index) => index).filter((index) => waiting[index] === 0);
  for (let at = 0; at < ready.length; at += 1) {
    for (const follower of followers[ready[at] as number] as number[]) {
      waiting[follower] = (waiting[follower] as number) - 1;
      if (waiting[follower] === 0) ready.push(follower);
    }
  }
  if (ready.length < nodes.length) {
    const stuck = nodes.find((_, index) => (waiting[index] as number) > 0) as GraphNode;
    throw entryError(
      entries[stuck.entry] as Entry,
      "expected inputs that do not depend on its own outputs but found a circle",
    );
  }
  return ready.map((index) => nodes[index] as GraphNode);
}

/** Reads `input_layers` or `output_layers`: references to tensors in lists and objects. */
function readTensors(value: unknown, model: Entry, entries: readonly Entry[], byName: Names): Structure<TensorRef> {
  if (Array.isArray(value)) {
    const [name, node, tensor] = value;
    if (value.length === 3 && typeof name === "string" && isIndex(node) && isIndex(tensor)) {
      const index = byName.get(name);
      if (index === undefined) throw entryError(model, `expected a layer ${JSON.stringify(name)} but found none`);
      // Keras counts the making of an inner model as its first call here.
      const offset = isCountedModel(entries[index] as Entry, model) ? 1 : 0;
      return new TensorRef(name, Math.max(0, node - offset), tensor);
    }
    return value.map((item) => readTensors(item, model, entries, byName));
  }
  const object = asObject(value);
  if (object === undefined) throw entryError(model, "expected the names of its inputs and outputs but found none");
  return Object.fromEntries(
    Object.entries(object).map(([key, inner]) => [key, readTensors(inner, model, entries, byName)]),
  );
}

function isCountedModel(entry: Entry, model: Entry): boolean {
  if (model.place.legacy) return isLegacyModel(entry);
  return Array.isArray(entry.config.layers) && entry.className !== "Sequential";
}
