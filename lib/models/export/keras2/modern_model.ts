import { TensorRef } from "../../graph/arguments.js";
import { type Config, type Entry, unsupported } from "../../graph/entry.js";
import { mapStructure, type Structure } from "../../graph/structure.js";
import { FunctionLayer } from "../../layers/function_layer.js";
import type { Layer } from "../../layers/layer.js";
import { ModelLayer } from "../../layers/model_layer.js";
import { type CallResults, callResults } from "../../run/describe.js";
import { modernOperation } from "./function_operation.js";
import { modernCall, type WriteTensor } from "./modern_arguments.js";
import { inputLayer, modernInput, modernLayer } from "./modern_layer.js";
import { serialized } from "./serialized.js";

/**
 * Returns a model that Keras 2 or tf.keras 2 wrote, as Keras 3 serializes it.
 *
 * Throws `ERR_UNSUPPORTED`, naming the layer, for what Keras 3 does not have or computes otherwise.
 */
export function modernModel(model: ModelLayer): Config {
  return new ModelWriter(callResults(model)).layer(model);
}

class ModelWriter {
  readonly #results: CallResults;

  constructor(results: CallResults) {
    this.#results = results;
  }

  layer(layer: Layer): Config {
    requireName(layer.entry);
    if (!(layer instanceof ModelLayer)) return modernLayer(layer, (inner) => this.layer(inner));
    return layer.entry.className === "Sequential" ? this.#sequential(layer) : this.#functional(layer);
  }

  #sequential({ graph, members, entry, children }: ModelLayer): Config {
    const layers = graph.entries.map((one, index) => {
      const member = members[index] as Layer | null;
      return member === null ? modernInput(one) : this.layer(member);
    });
    const shape = graph.implicitInput?.shape ?? null;
    const [first] = children;
    if (shape !== null && first !== undefined) {
      layers.unshift(inputLayer(`${first.entry.name}_input`, shape, first.policy.variableDtype));
    }
    return serialized("keras", "Sequential", { ...common(entry), layers });
  }

  #functional(model: ModelLayer): Config {
    const { graph, members, entry } = model;
    const tensor = this.#tensors(model);
    const layers = graph.entries.map((one, index) => this.#member(model, one, index, tensor));
    const functional = new Set(
      graph.entries.filter((_, index) => isFunctional(members[index])).map(({ name }) => name),
    );
    // Keras counts the making of a functional model as its first call, but only in these lists.
    const place = ({ layer, node, tensor: output }: TensorRef) => [
      layer,
      functional.has(layer) ? node + 1 : node,
      output,
    ];
    return {
      ...serialized("keras.src.models.functional", "Functional", {
        ...common(entry),
        layers,
        input_layers: mapStructure<TensorRef, unknown>(unwrapped(graph.inputs), place),
        output_layers: mapStructure<TensorRef, unknown>(unwrapped(graph.outputs), place),
      }),
      registered_name: "Functional",
    };
  }

  #member({ graph, members }: ModelLayer, entry: Entry, index: number, tensor: WriteTensor): Config {
    const member = members[index] as Layer | null;
    const { name } = entry;
    requireName(entry);
    if (member === null) return { ...modernInput(entry), name, inbound_nodes: [] };
    const nodes = graph.nodes.filter((node) => node.entry === index).sort((a, b) => a.node - b.node);
    if (member instanceof FunctionLayer) return { ...modernOperation(entry, nodes, tensor), name };
    return { ...this.layer(member), name, inbound_nodes: nodes.map((node) => modernCall(member, node, tensor)) };
  }

  /** Returns what writes tensors of the model. Keras knows a tensor by its history, and does not read the rest. */
  #tensors({ graph, members }: ModelLayer): WriteTensor {
    const indices = new Map(graph.entries.map(({ name }, index) => [name, index]));
    return ({ layer, node, tensor }) => {
      const index = indices.get(layer) as number;
      const member = members[index] as Layer | null;
      const known = member === null ? undefined : this.#results.get(member)?.[tensor ?? 0];
      const { config } = graph.entries[index] as Entry;
      const input = { shape: config.batch_input_shape ?? config.batch_shape, dtype: config.dtype ?? "float32" };
      const { shape, dtype } = known ?? (member === null ? input : { shape: [null], dtype: member.computeDtype });
      return { class_name: "__keras_tensor__", config: { shape, dtype, keras_history: [layer, node, tensor ?? 0] } };
    };
  }
}

function requireName(entry: Entry): void {
  if (!entry.name.includes("/")) return;
  throw unsupported(
    entry,
    `Keras 3 has no names with a slash, such as ${JSON.stringify(entry.name)}`,
    "Rename the layer",
  );
}

function isFunctional(member: unknown): boolean {
  return member instanceof ModelLayer && member.entry.className !== "Sequential";
}

/** Keras 2 has a list even for one tensor. */
function unwrapped(tensors: Structure<TensorRef>): Structure<TensorRef> {
  return Array.isArray(tensors) && tensors.length === 1 && tensors[0] instanceof TensorRef ? tensors[0] : tensors;
}

/** Returns the arguments of every model. */
function common({ name, config }: Entry): Config {
  return { name, trainable: config.trainable !== false };
}
