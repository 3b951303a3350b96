import { modernConfig } from "../../../keras/legacy_config.js";
import { asObject, type Config, type Entry, readEntry, unsupported } from "../../graph/entry.js";
import { withoutMarks } from "../../layers/config_reader.js";
import type { Layer } from "../../layers/layer.js";
import { fateOf, hasRule } from "./layer_rules.js";
import { modernActivationValue, modernValue } from "./modern_values.js";
import { serialized } from "./serialized.js";

/** Writes a layer inside of another one, which may be a model. */
export type WriteLayer = (layer: Layer) => Config;

/** Returns the layer as Keras 3 serializes it. Throws `ERR_UNSUPPORTED`, naming the layer, for what Keras 3 does not have. */
export function modernLayer(layer: Layer, writeInner: WriteLayer): Config {
  const { entry } = layer;
  const own = entryConfig(entry);
  return { ...own, config: { ...asObject(own.config), ...innerLayers(layer, writeInner) } };
}

/** Returns the InputLayer as Keras 3 serializes it. */
export function modernInput(entry: Entry): Config {
  const { config } = entry;
  if (config.ragged === true) throw unsupported(entry, "Keras 3 has no ragged inputs");
  const shape = config.batch_input_shape ?? config.batch_shape;
  return inputLayer(entry.name, shape, config.dtype ?? "float32", config.sparse === true);
}

/** Returns a serialized InputLayer. */
export function inputLayer(name: string, shape: unknown, dtype: unknown, sparse = false): Config {
  return serialized("keras.layers", "InputLayer", { batch_shape: shape, dtype, sparse, name });
}

function innerLayers({ entry, children }: Layer, writeInner: WriteLayer): Config {
  const [first, second] = children;
  switch (entry.className) {
    case "TimeDistributed":
      return { layer: writeInner(first as Layer) };
    case "Bidirectional":
      return {
        layer: writeInner(first as Layer),
        // Keras makes a backward layer of its own where the config has none.
        ...(asObject(entry.config.backward_layer) === undefined ? {} : { backward_layer: writeInner(second as Layer) }),
      };
    case "RNN":
      return { cell: cellConfig(readEntry(entry.config.cell, entry.place, "")) };
    default:
      return {};
  }
}

function cellConfig(cell: Entry): Config {
  const { cells } = cell.config;
  if (!Array.isArray(cells)) return entryConfig(cell);
  const own = entryConfig(cell);
  const inner = cells.map((one: unknown) => entryConfig(readEntry(one, cell.place, "")));
  return { ...own, config: { ...asObject(own.config), cells: inner } };
}

/** Returns a layer by its config, without the layers inside. */
function entryConfig(entry: Entry): Config {
  const className = entry.className === "CuDNNGRU" ? "GRU" : entry.className;
  if (!entry.isKeras || !hasRule(className)) throw unsupported(entry, "Keras 3 has no such layer");
  const config = Object.entries(renamed(entry)).flatMap(([key, value]): [string, unknown][] => {
    const fate = fateOf(className, key, value);
    if (fate === "unknown") {
      throw unsupported(entry, `Keras 3 has no argument ${key} for this layer, which is ${JSON.stringify(value)} here`);
    }
    return fate === "kept" ? [[key, written(entry, key, value)]] : [];
  });
  return serialized("keras.layers", className, {
    dtype: modernValue(entry, "dtype", null),
    ...Object.fromEntries(config),
  });
}

function written(entry: Entry, key: string, value: unknown): unknown {
  if (!/^(recurrent_)?activation$/.test(key)) return modernValue(entry, key, value);
  return modernActivationValue(entry, value, (given) => entryConfig(readEntry(given, entry.place, "")));
}

/** Returns the config with Keras 3's names of the arguments, and Keras 2's values of those that are absent. */
function renamed({ className, config, name }: Entry): Config {
  const { ...given } = withoutMarks(config) as Record<string, unknown>;
  switch (className) {
    case "CuDNNGRU":
    case "GRU":
    case "GRUCell":
      return { ...modernConfig(given, className, name), name };
    case "LeakyReLU": {
      const { alpha, negative_slope = alpha ?? 0.3, ...others } = given;
      return { ...others, negative_slope };
    }
    case "BatchNormalization":
      return Array.isArray(given.axis) && given.axis.length === 1 ? { ...given, axis: given.axis[0] } : given;
    default:
      return given;
  }
}
