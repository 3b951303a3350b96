// Converts the serialized model in a file of Keras.
import { type Argument, TensorRef } from "../../../models/graph/arguments.js";
import { asObject, type Entry, shown as shownEntry } from "../../../models/graph/entry.js";
import type { GraphNode, ModelGraph } from "../../../models/graph/model_graph.js";
import { type EntryCount, isModel, readGraph } from "../../../models/graph/read_graph.js";
import { flatten, type Structure } from "../../../models/graph/structure.js";
import { type Call, type CommonLayer, type CommonModel, outputCount } from "./common_model.js";
import { layerFromKeras } from "./convert_layer.js";
import { addOperation, maskOf, type Operations, type TensorNames } from "./operations.js";
import type { Ref } from "./ref.js";
import { malformed, refused, shown } from "./refusal.js";
import type { Shape } from "./rules/rule.js";

/** How files are read. */
export interface KerasReading {
  /** Counts the layers of the whole file. */
  readonly count: EntryCount;
  /** Whether layers of other dtypes than float32 become layers of float32. */
  readonly anyDtype: boolean;
}

/**
 * Converts the model `model`, and those inside it.
 *
 * @throws GRUError `ERR_FILE_FORMAT` if its config is malformed; `ERR_UNSUPPORTED` for a layer that tfjs does not have or
 * computes in another way.
 */
export function modelFromKeras(model: Entry, reading: KerasReading): CommonModel {
  return new ModelReader(model, reading).read();
}

/** The order of the arguments with which layers are called, where there are more than the inputs. */
const RECURRENT = ["sequences", "initial_state", "mask", "training"];
const OTHERS = ["inputs", "training", "mask"];

class ModelReader implements TensorNames {
  readonly scope: string;
  readonly #model: Entry;
  readonly #reading: KerasReading;
  readonly #graph: ModelGraph;
  readonly #operations: Operations = new Map();
  readonly #kinds: ReadonlyMap<string, Entry["kind"]>;
  readonly #input: string;

  constructor(model: Entry, reading: KerasReading) {
    this.#model = model;
    this.#reading = reading;
    this.#graph = readGraph(model, reading.count);
    this.#kinds = new Map(this.#graph.entries.map(({ name, kind }) => [name, kind]));
    this.scope = model.place.names.map((name) => `${name}/`).join("");
    this.#input = `${this.#graph.entries[0]?.name ?? "model"}_input`;
  }

  read(): CommonModel {
    const { entries, nodes, implicitInput, inputs, outputs } = this.#graph;
    const calls = entries.map((): Call[] => []);
    for (const node of nodes) {
      const entry = entries[node.entry] as Entry;
      if (entry.kind === "operation") addOperation(this.#operations, this, entry, node);
      else (calls[node.entry] as Call[])[node.node] = this.#call(entry, node);
    }
    const layers = entries.flatMap((entry, index): CommonLayer[] => {
      return entry.kind === "operation" ? [] : [this.#layer(entry, calls[index] as Call[])];
    });
    if (implicitInput !== null) layers.unshift(this.#implicitInput(implicitInput.shape));
    return {
      kind: this.#model.className === "Sequential" ? "Sequential" : "Functional",
      name: this.#model.name,
      layers: this.#checked(layers),
      inputs: this.#tensors(inputs),
      outputs: this.#tensors(outputs),
    };
  }

  #layer(entry: Entry, calls: readonly Call[]): CommonLayer {
    const where = shownEntry(entry);
    const { name, className, config, place } = entry;
    const common = { name, where, calls, group: place.group };
    if (!entry.isKeras) throw refused(where, "tfjs does not know layers of your own");
    if (className === "InputLayer") return { kind: "input", ...common, ...inputOf(config, where) };
    this.#checkDtype(config, where);
    if (isModel(entry)) return { kind: "model", ...common, model: modelFromKeras(entry, this.#reading) };
    const { trainable, legacy } = place;
    const converted = layerFromKeras({ className, config, name, trainable, legacy, where });
    return { kind: "layer", ...common, converted, isCudnn: className === "CuDNNGRU" };
  }

  #implicitInput(shape: readonly unknown[] | null): CommonLayer {
    const where = `layer ${JSON.stringify(this.#input)} (InputLayer)`;
    if (shape === null) {
      throw malformed(
        shownEntry(this.#model),
        "expected the shape of its inputs but found none: saved before it was built?",
      );
    }
    const common = { name: this.#input, where, calls: [], group: "" };
    return { kind: "input", ...common, shape: readShape(shape, where), dtype: "float32" };
  }

  /** Throws for a layer whose numbers depend on another dtype. */
  #checkDtype(config: Readonly<Record<string, unknown>>, where: string): void {
    const policies = [config, asObject(asObject(config.layer)?.config) ?? {}].map(({ dtype }) => policyOf(dtype));
    const other = policies.find((policy) => policy !== "float32");
    if (other === undefined) return;
    const isFloat = /^(mixed_)?(b?float16|float64)$/.test(other);
    if (isFloat && this.#reading.anyDtype) return;
    const remedy = isFloat ? '. kerasFile(source, { dtype: "float32" }) loads it as a model of float32' : "";
    throw refused(where, `dtype ${shown(other)} is not supported: tfjs computes in float32${remedy}`);
  }

  #call(entry: Entry, { args, kwargs }: GraphNode): Call {
    const where = shownEntry(entry);
    const isRecurrent = ["GRU", "LSTM", "SimpleRNN", "Bidirectional", "CuDNNGRU"].includes(entry.className);
    const given: Record<string, Argument> = { ...kwargs };
    const signature = isRecurrent ? RECURRENT : OTHERS;
    args.forEach((argument, index) => {
      given[signature[index] ?? `the argument ${index}`] = argument;
    });
    const { [signature[0] as string]: data = null, initial_state = null, mask = null, training: _, ...others } = given;
    const unknown = Object.keys(others).find((key) => others[key] !== null);
    if (unknown !== undefined) throw refused(where, `calls with ${unknown} are not supported`);
    const [first, ...rest] = this.#references(data, where);
    if (first === undefined) throw malformed(where, "expected inputs but found none");
    const states = this.#references(initial_state, where);
    if (!isRecurrent && states.length > 0) throw refused(where, "calls with initial_state are not supported");
    if (mask !== null && !(mask instanceof TensorRef))
      throw refused(where, "calls with several masks are not supported");
    return {
      inputs: isRecurrent ? [first] : [first, ...rest],
      // tf.keras 2 passes the initial states in a list with the inputs.
      states: isRecurrent ? [...rest, ...states] : [],
      mask: mask === null ? undefined : maskOf(this.#operations, this, mask),
    };
  }

  /** Returns the tensors in an argument: none for `null`, one, or a list. */
  #references(argument: Argument, where: string): Ref[] {
    const list = argument === null ? [] : Array.isArray(argument) ? argument : [argument];
    return list.map((item: Argument) => {
      if (!(item instanceof TensorRef))
        throw refused(where, `calls with ${shown(item)} among the inputs are not supported`);
      return this.tensor(item);
    });
  }

  /** Returns a tensor of a layer. Throws the error about an operation whose result is used as one. */
  tensor({ layer, node, tensor }: TensorRef): Ref {
    const operation = this.#operations.get(layer);
    if (operation instanceof Error) throw operation;
    if (operation !== undefined || this.#kinds.get(layer) === "operation") {
      throw refused(`operation ${JSON.stringify(layer)}`, "tfjs's models consist of layers, and this is not one");
    }
    return { layer: this.#kinds.has(layer) ? layer : this.#input, call: node, output: tensor ?? 0 };
  }

  /** Returns the tensors of a structure, in Keras's order. */
  #tensors(structure: Structure<TensorRef>): Ref[] {
    return flatten(structure).map((reference) => this.tensor(reference));
  }

  /** Throws when a call refers to an output that a layer does not have. */
  #checked(layers: readonly CommonLayer[]): readonly CommonLayer[] {
    const byName = new Map(layers.map((layer) => [layer.name, layer]));
    for (const { calls, where } of layers) {
      for (const { layer, call, output } of calls.flatMap(({ inputs, states }) => [...inputs, ...states])) {
        const source = byName.get(layer);
        const known = source !== undefined && (call < source.calls.length || source.kind === "input");
        if (known && output < outputCount(source)) continue;
        throw malformed(where, `expected output ${output} of call ${call} of ${shown(layer)} but found none`);
      }
    }
    if (this.#model.className === "Sequential") {
      const several = layers.find((layer) => outputCount(layer) > 1);
      if (several !== undefined)
        throw refused(several.where, "layers of a Sequential with several outputs are not supported");
    }
    return layers;
  }
}

/** Returns the name of a dtype policy, as Keras 3, tf.keras 2 or Keras 2 writes it. */
function policyOf(dtype: unknown): string {
  if (dtype === undefined || dtype === null) return "float32";
  if (typeof dtype === "string") return dtype;
  const { class_name, config } = asObject(dtype) ?? {};
  const name = asObject(config)?.name;
  return typeof name === "string" && /Policy/.test(String(class_name)) && class_name !== "QuantizedDTypePolicy"
    ? name
    : String(class_name);
}

/** tfjs's dtype of an input, by the first letters of Keras's. */
const INPUT_DTYPES: readonly [prefix: string, dtype: string][] = [
  ["float", "float32"],
  ["bfloat", "float32"],
  ["int", "int32"],
  ["uint", "int32"],
  ["bool", "bool"],
];

function inputOf(config: Readonly<Record<string, unknown>>, where: string): { shape: Shape; dtype: string } {
  const { sparse, ragged, optional } = config;
  if (sparse === true || ragged === true || optional === true) {
    throw refused(where, "inputs that are sparse, ragged or optional are not supported");
  }
  const name = policyOf(config.dtype ?? "float32");
  const found = INPUT_DTYPES.find(([prefix]) => name.startsWith(prefix));
  if (found === undefined) throw refused(where, `inputs of dtype ${shown(name)} are not supported`);
  return { shape: readShape(config.batch_shape ?? config.batch_input_shape, where), dtype: found[1] };
}

function readShape(value: unknown, where: string): Shape {
  const isSize = (size: unknown) => size === null || (Number.isSafeInteger(size) && (size as number) >= 0);
  const list = asObject(value)?.items ?? value;
  if (Array.isArray(list) && list.length > 0 && list.every(isSize)) return list as (number | null)[];
  throw malformed(where, `expected the shape of its inputs but found ${shown(value)}`);
}
