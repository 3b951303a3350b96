import { fileError } from "../../formats/file_errors.js";
import { MAX_LAYERS } from "../../formats/limits.js";
import { TensorRef } from "./arguments.js";
import { asObject, type Config, type Entry, entryError, readEntry, snakeCase } from "./entry.js";
import { readFunctional } from "./functional.js";
import { type GraphNode, IMPLICIT_INPUT, type ModelGraph } from "./model_graph.js";

/** Counts the entries of a whole file, which a hostile file could have any number of. */
export class EntryCount {
  #count = 0;

  /** Throws `ERR_FILE_FORMAT` when the file has too many layers. */
  add(more: number): void {
    this.#count += more;
    if (this.#count > MAX_LAYERS) {
      throw fileError(`expected at most ${MAX_LAYERS} layers in its config but found more`);
    }
  }
}

/** True for a config of a model: a Sequential, or a functional model or a subclass of one. */
export function isModel({ config, className }: Entry): boolean {
  return Array.isArray(config.layers) && (className === "Sequential" || "input_layers" in config);
}

/**
 * Reads the graph of the model `model`.
 *
 * @throws GRUError `ERR_FILE_FORMAT` if its config is malformed, or has a circle; `ERR_UNSUPPORTED` if it is a subclassed
 * model, whose config does not describe its layers.
 */
export function readGraph(model: Entry, count: EntryCount): ModelGraph {
  const { layers } = model.config;
  if (!Array.isArray(layers)) throw entryError(model, "expected a list of layers in its config but found none");
  count.add(layers.length);
  const entries = readEntries(model, layers);
  return model.className === "Sequential" ? readSequential(model, entries) : readFunctional(model, entries, layers);
}

/**
 * Keras stores the weights of the layers of a model under their classes, numbered in order: `gru`, `gru_1`, …. It does not
 * count operations, nor the InputLayer of a Sequential (Keras 3.15.1, `saving_lib.py`: `_save_container_state`).
 */
function readEntries(model: Entry, layers: readonly unknown[]): Entry[] {
  const used = new Map<string, number>();
  return layers.map((serialized) => {
    const entry = readEntry(serialized, model.place, "");
    if (entry.kind === "operation") return entry;
    if (model.className === "Sequential" && entry.className === "InputLayer") return entry;
    const base = snakeCase(entry.className.split(">").at(-1) as string);
    const number = used.get(base) ?? 0;
    used.set(base, number + 1);
    return readEntry(serialized, model.place, `layers/${number === 0 ? base : `${base}_${number}`}`);
  });
}

function readSequential(model: Entry, entries: readonly Entry[]): ModelGraph {
  if (entries.length === 0) throw entryError(model, "expected layers but found none");
  const names = new Set(entries.map(({ name }) => name));
  if (names.size < entries.length) throw entryError(model, "expected layers with different names");
  const hasInput = entries[0]?.className === "InputLayer";
  const input = new TensorRef(hasInput ? (entries[0] as Entry).name : IMPLICIT_INPUT, 0, null);
  let last = input;
  const nodes: GraphNode[] = [];
  entries.forEach((entry, index) => {
    if (index === 0 && hasInput) return;
    nodes.push({ entry: index, node: 0, args: [last], kwargs: {} });
    last = new TensorRef(entry.name, 0, null);
  });
  const implicitInput = hasInput ? null : { shape: implicitShape(model.config, entries[0] as Entry) };
  return { entries, nodes, inputs: input, outputs: last, implicitInput };
}

/** Keras 3 notes the shape of a Sequential's input in its config, and Keras 2 in its first layer. */
function implicitShape({ build_input_shape }: Config, first: Entry): readonly unknown[] | null {
  if (Array.isArray(build_input_shape)) return build_input_shape;
  let config: Config | undefined = first.config;
  // A wrapper or a model as the first layer has the shape in the layer inside it.
  for (let depth = 0; config !== undefined && depth < 4; depth += 1) {
    const shape: unknown = config.batch_input_shape ?? config.batch_shape;
    if (Array.isArray(shape)) return shape;
    const inner: unknown = Array.isArray(config.layers) ? config.layers[0] : config.layer;
    config = asObject(asObject(inner)?.config);
  }
  return null;
}
