import { fromCudnnGru } from "../../formats/keras_files/cudnn_weights.js";
import { Source } from "../../formats/source.js";
import { currentConfig, modernConfig } from "../../keras/legacy_config.js";
import { GRU } from "../../layers/gru.js";
import { partsOf } from "../../layers/layer.js";
import type { LayerParts } from "../../layers/layer_parts.js";
import type { Config, Entry } from "../graph/entry.js";
import type { ConfigReader } from "./config_reader.js";
import { withoutMarks } from "./config_reader.js";
import type { Layer } from "./layer.js";
import type { WeightRequest, WeightSlot } from "./weight_slot.js";

/** Returns the config of a GRU in the form of Keras 3. */
export function gruConfig({ entry }: ConfigReader, overrides: Config = {}): Config {
  const { config, className, name, place } = entry;
  const plain = withoutMarks(config) as Record<string, unknown>;
  const modern =
    place.legacy || className === "CuDNNGRU" ? modernConfig(plain, className, name) : currentConfig(plain, name);
  // A custom object that only training needs does not stop inference.
  return { ...modern, ...overrides };
}

/** True for Keras 2's CuDNNGRU, whose weights are in the layout of cuDNN. */
function isCudnnGru({ className }: Entry): boolean {
  return className === "CuDNNGRU";
}

/** Turns the weights that were read for a CuDNNGRU into those of the GRU that computes the same. */
export function modernWeights({ entry, slots }: Pick<Layer, "entry" | "slots">): void {
  if (!isCudnnGru(entry)) return;
  fromCudnnGru(slots.map(({ data }) => data)).forEach((weight, index) => {
    slots[index]?.fill(weight);
  });
}

/** A GRU of this package that computes a GRU of the model. */
export class ModelGru {
  readonly gru: GRU;
  readonly parts: LayerParts;
  readonly requests: readonly WeightRequest[];
  #filled = false;

  /** `reader` has the config of the GRU, or of its cell. */
  constructor(reader: ConfigReader, config: Config) {
    this.gru = reader.reading("config", () => GRU.fromConfig(config));
    this.parts = partsOf(this.gru) as LayerParts;
    const { units, useBias, resetAfter } = this.parts.options;
    const requests: WeightRequest[] = [
      { name: "kernel", shape: [null, 3 * units] },
      { name: "recurrent_kernel", shape: [units, 3 * units] },
    ];
    const bias = isCudnnGru(reader.entry) ? [6 * units] : resetAfter ? [2, 3 * units] : [3 * units];
    if (useBias) requests.push({ name: "bias", shape: bias });
    this.requests = requests;
  }

  /** Sets the weights of the GRU to those of `slots`, once. */
  fill(entry: Entry, slots: readonly WeightSlot[]): void {
    if (this.#filled) return;
    const weights = slots.map(({ data }) => data);
    const file = { weights, features: weights[0]?.shape[0] as number, path: entry.place.names.join("/") };
    this.parts.weights.takeOver({ file, source: new Source({ path: file.path }) });
    this.#filled = true;
  }

  /** The number of features of the inputs. */
  get features(): number {
    return this.parts.weights.features as number;
  }

  /** Frees the native memory. */
  dispose(): void {
    this.gru.dispose();
  }
}
