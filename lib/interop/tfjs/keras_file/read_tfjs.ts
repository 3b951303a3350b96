// Converts the topology of a model that tfjs saves.
import { snakeCase } from "../../../models/graph/entry.js";
import { type Call, type CommonLayer, type CommonModel, kerasClass } from "./common_model.js";
import { layerFromTfjs } from "./convert_layer.js";
import { kerasOrder } from "./keras_order.js";
import type { Ref } from "./ref.js";
import { malformed, refused, shown } from "./refusal.js";
import type { Config, Shape } from "./rules/rule.js";
import { asPlain } from "./rules/vocabularies.js";

const MODELS: ReadonlySet<unknown> = new Set(["Sequential", "Model", "Functional"]);

/** A layer or model as tfjs serializes it. */
interface Serialized {
  readonly class_name: string;
  readonly config: Config;
  readonly inbound_nodes?: unknown;
}

/**
 * Converts the topology of a model, which `model.save` passes to its handler.
 *
 * @throws GRUError `ERR_UNSUPPORTED` for a layer that Keras does not have or computes in another way.
 */
export function modelFromTfjs(topology: unknown): CommonModel {
  const found = serializedOf(topology, "the model");
  if (!MODELS.has(found.class_name)) throw refused(`model (${found.class_name})`, "Keras has no such class of models");
  return modelOf(found, "", "");
}

function serializedOf(value: unknown, where: string): Serialized {
  const object = asPlain(value);
  const config = asPlain(object?.config);
  if (typeof object?.class_name !== "string" || config === undefined) {
    throw malformed(where, `expected a serialized layer but found ${shown(value)}`);
  }
  return { class_name: object.class_name, config, inbound_nodes: object.inbound_nodes };
}

/** Converts a model at `group` of the weights file, whose path in the model around it is `path`. */
function modelOf({ class_name, config }: Serialized, group: string, path: string): CommonModel {
  const layers = Array.isArray(config.layers) ? config.layers.map((layer) => serializedOf(layer, "a layer")) : [];
  const model = class_name === "Sequential" ? sequential(config, layers, path) : functional(config, layers, path);
  const duplicate = model.layers.find(
    ({ name }, index) => model.layers.findIndex((other) => other.name === name) < index,
  );
  if (duplicate !== undefined) throw refused(duplicate.where, "another layer of the model has the same name");
  return withGroups(model.kind === "Sequential" ? model : { ...model, layers: kerasOrder(model) }, group);
}

/** Adds the groups in which Keras looks for the weights: it numbers the layers of a model by class. */
function withGroups(model: CommonModel, group: string): CommonModel {
  const used = new Map<string, number>();
  const layers = model.layers.map((layer): CommonLayer => {
    if (model.kind === "Sequential" && layer.kind === "input") return layer;
    const base = snakeCase(kerasClass(layer));
    const number = used.get(base) ?? 0;
    used.set(base, number + 1);
    const own = `${group === "" ? "" : `${group}/`}layers/${number === 0 ? base : `${base}_${number}`}`;
    return layer.kind === "model"
      ? { ...layer, group: own, model: withGroups(layer.model, own) }
      : { ...layer, group: own };
  });
  return { ...model, layers };
}

function sequential(config: Config, layers: readonly Serialized[], path: string): CommonModel {
  const [first] = layers;
  if (first === undefined) throw refused("model", "a Sequential without layers cannot be saved");
  const input = first.class_name === "InputLayer" ? first : { class_name: "InputLayer", config: inputOf(first) };
  const others = first.class_name === "InputLayer" ? layers.slice(1) : layers;
  const made = [layerOf(input, [], path)];
  for (const layer of others) {
    const before = made.at(-1) as CommonLayer;
    made.push(layerOf(layer, [{ inputs: [{ layer: before.name, call: 0, output: 0 }], states: [] }], path));
  }
  const ends = [made[0], made.at(-1)] as [CommonLayer, CommonLayer];
  const [inputs, outputs] = ends.map(({ name }): Ref[] => [{ layer: name, call: 0, output: 0 }]) as [Ref[], Ref[]];
  return { kind: "Sequential", name: String(config.name), layers: made, inputs, outputs };
}

/** Returns the config of the input that tfjs makes for the first layer of a Sequential. */
function inputOf({ class_name, config }: Serialized): Config {
  const name = `${String(config.name)}_input`;
  if (!MODELS.has(class_name)) {
    return {
      name,
      batch_input_shape: config.batch_input_shape,
      dtype: class_name === "Embedding" ? "int32" : "float32",
    };
  }
  const layers = Array.isArray(config.layers) ? config.layers : [];
  // tfjs gives a Sequential only models with one input as a first layer.
  const inner = layers.map((layer) => serializedOf(layer, name)).find((layer) => layer.class_name === "InputLayer");
  if (class_name !== "Sequential" && inner !== undefined) return { ...inner.config, name };
  const [first] = layers;
  const own = serializedOf(first, name);
  return own.class_name === "InputLayer" ? { ...own.config, name } : { ...inputOf(own), name };
}

function functional(config: Config, layers: readonly Serialized[], path: string): CommonModel {
  const inner = new Set(layers.filter(({ class_name }) => MODELS.has(class_name)).map((layer) => layer.config.name));
  /** Reads a tensor. tfjs counts the making of an inner model as its first call. */
  const ref = (value: unknown): Ref => {
    const [layer, node, output] = Array.isArray(value) ? value : [];
    if (typeof layer !== "string" || typeof node !== "number" || typeof output !== "number") {
      throw malformed("the model", `expected a tensor but found ${shown(value)}`);
    }
    return { layer, call: inner.has(layer) ? node - 1 : node, output };
  };
  const refs = (value: unknown) => (Array.isArray(value) ? value : []).map(ref);
  return {
    kind: "Functional",
    name: String(config.name),
    layers: layers.map((layer) => {
      const nodes = Array.isArray(layer.inbound_nodes) ? layer.inbound_nodes : [];
      return layerOf(
        layer,
        nodes.map((node): Call => callOf(layer, node, ref)),
        path,
      );
    }),
    inputs: refs(config.input_layers),
    outputs: refs(config.output_layers),
  };
}

const RECURRENT: ReadonlySet<string> = new Set(["GRU", "LSTM", "SimpleRNN", "Bidirectional"]);

function callOf({ class_name, config }: Serialized, node: unknown, ref: (value: unknown) => Ref): Call {
  const inputs = Array.isArray(node) ? node : [];
  for (const input of inputs) {
    const kwargs = asPlain(Array.isArray(input) ? input[3] : undefined) ?? {};
    const other = Object.keys(kwargs).find((key) => key !== "training" && (kwargs[key] ?? null) !== null);
    if (other === undefined) continue;
    throw refused(whereOf(class_name, String(config.name)), `calls with ${other} are not supported`);
  }
  const tensors = inputs.map(ref);
  return RECURRENT.has(class_name)
    ? { inputs: tensors.slice(0, 1), states: tensors.slice(1) }
    : { inputs: tensors, states: [] };
}

function whereOf(className: string, path: string): string {
  return `layer ${JSON.stringify(path)} (${className})`;
}

function layerOf(layer: Serialized, calls: readonly Call[], path: string): CommonLayer {
  const { class_name, config } = layer;
  const name = String(config.name);
  const where = whereOf(class_name, path + name);
  if (name.includes("/")) throw refused(where, "Keras has no layers with a / in their names");
  const common = { name, where, calls, group: "" };
  if (class_name === "InputLayer") {
    const { batch_input_shape, dtype } = config;
    if (!Array.isArray(batch_input_shape)) throw malformed(where, "expected the shape of its inputs but found none");
    return { kind: "input", ...common, shape: batch_input_shape as Shape, dtype: String(dtype ?? "float32") };
  }
  if (MODELS.has(class_name)) return { kind: "model", ...common, model: modelOf(layer, "", `${path}${name}/`) };
  return { kind: "layer", ...common, converted: layerFromTfjs(class_name, config, where), isCudnn: false };
}
