import { fileError } from "../file_errors.js";
import { MAX_LAYER_DEPTH, MAX_LAYERS, MAX_PATH_CHARACTERS, MAX_PATH_LENGTH } from "../limits.js";

type JsonObject = Record<string, unknown>;

/** A layer that a model file names. */
export interface NamedLayer {
  /**
   * The layer's place in the model, from the outside in. Each level has the names by which the layer can be found, and
   * the first of them is the one to show. The model's own name is not included.
   */
  readonly segments: readonly (readonly string[])[];
  /** Other places of the same layer, in a model that uses one layer object several times. */
  readonly sharedAt: readonly (readonly (readonly string[])[])[];
  readonly className: string;
  /** True for Keras's own GRU layer or CuDNNGRU. False for a user's class of the same name. */
  readonly isGru: boolean;
  /** The layer's group in a Keras 3 weights file, such as `layers/gru_1`. */
  readonly group: string;
  /** The name of the layer in messages, which users may also write. */
  readonly label: string;
  /** A remark that messages add to the label. */
  readonly note?: string;
}

/** One layer that a model's config describes. */
export interface ConfigLayer extends NamedLayer {
  readonly sharedAt: (readonly (readonly string[])[])[];
  readonly name: string;
  readonly config: JsonObject;
  /** False for a layer that is frozen itself or inside a frozen model. */
  readonly trainable: boolean;
  /** `build_config.input_shape`, if the file has it. */
  readonly inputShape: unknown;
}

/** Returns a layer's place as users write it, such as `"bidirectional/forward_layer"`. */
export function layerPath(segments: readonly (readonly string[])[]): string {
  return segments.map((names) => names[0]).join("/");
}

/**
 * Returns all layers of the serialized model `root`, nested ones included, in the order in which Keras saves them.
 *
 * Keras 3 does not store weights under layer names. A model's `layers` (and any other container) number their members
 * by class, in order, as `gru`, `gru_1`, .... A layer in an attribute is stored under the attribute's name. (Keras
 * 3.15.1, `keras/src/saving/saving_lib.py`: `_save_state`, `_save_container_state`.)
 *
 * @throws GRUError `ERR_FILE_FORMAT` if `root` is not a serialized model, or has too many or too deeply nested layers.
 */
export function listLayers(root: unknown): ConfigLayer[] {
  if (!isSerialized(root)) throw fileError("expected a serialised model in its config but found none");
  const tree: Tree = { layers: [], grus: new Map(), characters: 0 };
  visitChildren(root, { segments: [], group: "", trainable: true }, tree);
  return tree.layers;
}

interface Tree {
  layers: ConfigLayer[];
  /** The GRUs in `layers`, by their config. */
  grus: Map<string, ConfigLayer>;
  /** The number of characters in the paths of all layers so far. */
  characters: number;
}

interface Child {
  entry: JsonObject;
  names: string[];
  group: string;
}

/** The place of a layer, and whether all the models around it are trainable. */
interface Place {
  segments: string[][];
  group: string;
  trainable: boolean;
}

function visitChildren(entry: JsonObject, { segments, group, trainable }: Place, tree: Tree): void {
  if (segments.length >= MAX_LAYER_DEPTH) {
    throw fileError(`expected layers nested at most ${MAX_LAYER_DEPTH} deep in its config but found more`);
  }
  for (const child of childrenOf(entry)) {
    if (tree.layers.length >= MAX_LAYERS) {
      throw fileError(`expected at most ${MAX_LAYERS} layers in its config but found more`);
    }
    const childSegments = [...segments, child.names];
    const childGroup = group === "" ? child.group : `${group}/${child.group}`;
    const isTrainable = trainable && asObject(child.entry.config)?.trainable !== false;
    const place = { segments: childSegments, group: childGroup, trainable: isTrainable };
    const layer = describe(child.entry, place);
    addPath(layer, tree);
    if (layer.isGru) addGru(child.entry, layer, tree);
    else {
      tree.layers.push(layer);
      // Keras wraps only recurrent layers. Following a wrapper inside a wrapper would double the work with every level.
      if (entry.class_name !== "Bidirectional") visitChildren(child.entry, place, tree);
    }
  }
}

/** Throws when the paths of layers would take far more memory than the config that they come from. */
function addPath({ label, group }: ConfigLayer, tree: Tree): void {
  tree.characters += label.length + group.length;
  if (label.length > MAX_PATH_LENGTH || tree.characters > MAX_PATH_CHARACTERS) {
    throw fileError("expected shorter names of layers in its config, or fewer layers inside others");
  }
}

/** Adds a GRU. When a model uses one layer object several times, Keras saves its weights at its first mention. */
function addGru(entry: JsonObject, layer: ConfigLayer, { layers, grus }: Tree): void {
  const key = JSON.stringify(layer.config);
  const original = entry.shared_object_id === undefined ? undefined : grus.get(key);
  if (original) {
    original.sharedAt.push(layer.segments);
    return;
  }
  grus.set(key, layer);
  layers.push(layer);
}

/** The Python packages of Keras's own layers. */
const KERAS_MODULE = /^(keras|tf_keras|tensorflow)(\.|$)/;

function describe(entry: JsonObject, { segments, group, trainable }: Place): ConfigLayer {
  const className = String(entry.class_name);
  // Configs without modules are from Keras 2, which marked custom classes by their names (`package>GRU`).
  const isKeras = entry.module === undefined || KERAS_MODULE.test(String(entry.module));
  const config = asObject(entry.config) ?? {};
  return {
    segments,
    sharedAt: [],
    name: layerName(entry),
    className,
    isGru: (className === "GRU" || className === "CuDNNGRU") && isKeras && (entry.registered_name ?? null) === null,
    group,
    label: layerPath(segments),
    config,
    trainable,
    inputShape: asObject(entry.build_config)?.input_shape,
  };
}

function childrenOf(entry: JsonObject): Child[] {
  // Up to Keras 2.2.2 the config of a Sequential is the list of its layers.
  if (Array.isArray(entry.config)) return containerChildren("layers", entry.config);
  const config = asObject(entry.config);
  if (!config) return [];
  if (Array.isArray(config.layers)) return containerChildren("layers", modelLayers(entry, config.layers));
  if (!isSerialized(config.layer)) return [];
  if (entry.class_name !== "Bidirectional") {
    return [{ entry: config.layer, names: [layerName(config.layer), "layer"], group: "layer" }];
  }
  const forward = forwards(config.layer);
  const backward = isSerialized(config.backward_layer) ? config.backward_layer : reversed(forward);
  return [
    { entry: forward, names: ["forward_layer", layerName(forward)], group: "forward_layer" },
    { entry: backward, names: ["backward_layer", layerName(backward)], group: "backward_layer" },
  ];
}

/**
 * Returns the members of a model's `layers`. The config of a Sequential lists its InputLayer, but Keras does not count
 * it.
 */
function modelLayers(entry: JsonObject, members: readonly unknown[]): readonly unknown[] {
  const isInput = asObject(members[0])?.class_name === "InputLayer";
  return entry.class_name === "Sequential" && isInput ? members.slice(1) : members;
}

function containerChildren(container: string, members: readonly unknown[]): Child[] {
  const used = new Map<string, number>();
  const children: Child[] = [];
  for (const entry of members) {
    if (!isSerialized(entry)) continue;
    const base = snakeCase(String(entry.class_name));
    const count = used.get(base) ?? 0;
    used.set(base, count + 1);
    const group = `${container}/${count === 0 ? base : `${base}_${count}`}`;
    children.push({ entry, names: [layerName(entry)], group });
  }
  return children;
}

/**
 * Returns a Bidirectional's forward layer with the name that Keras gives it there, which Keras 2 omitted from the
 * config.
 */
function forwards(entry: JsonObject): JsonObject {
  const given = layerName(entry);
  const name = given.startsWith("forward_") ? given : `forward_${given}`;
  return { ...entry, name, config: { ...asObject(entry.config), name } };
}

/**
 * Returns the backward layer that Keras derives from the forward one when a Bidirectional was saved without its own.
 */
function reversed(forward: JsonObject): JsonObject {
  const config = asObject(forward.config) ?? {};
  const name = `backward_${layerName(forward).replace(/^forward_/, "")}`;
  return { ...forward, name, config: { ...config, name, go_backwards: config.go_backwards !== true } };
}

function layerName(entry: JsonObject): string {
  const name = entry.name ?? asObject(entry.config)?.name;
  return typeof name === "string" ? name : snakeCase(String(entry.class_name));
}

/** Keras's `to_snake_case` (Keras 3.15.1, `keras/src/utils/naming.py`). */
function snakeCase(className: string): string {
  return className
    .replace(/[^\p{L}\p{N}_]+/gu, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

function isSerialized(value: unknown): value is JsonObject {
  return typeof asObject(value)?.class_name === "string";
}
