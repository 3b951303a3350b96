import type { WeightGroup } from "../../../formats/keras_files/weight_groups.js";
import { type Config, entryError, readEntry } from "../../graph/entry.js";
import type { Layer } from "../../layers/layer.js";
import { LayerMaker } from "../../layers/make_layer.js";
import { weightGroups } from "../weights.js";

/** Returns the weights of a model of Keras 2 in the groups that Keras 3 has for the model that `config` describes. */
export function modernGroups(model: Layer, config: Config): WeightGroup[] {
  const modern = withWeightsOf(model, config);
  try {
    return weightGroups(modern);
  } finally {
    modern.dispose();
  }
}

/** Makes the model that `config` of Keras 3 describes, with the weights of `model`. */
function withWeightsOf(model: Layer, config: Config): Layer {
  const place = { names: [], group: "", trainable: true, legacy: false };
  const modern = new LayerMaker(new Map()).layer({ ...readEntry(config, place, ""), place });
  const [from, to] = [model, modern].map((one) => one.all().filter(({ slots }) => slots.length > 0)) as [
    Layer[],
    Layer[],
  ];
  if (from.length !== to.length)
    throw entryError(model.entry, "expected as many layers with weights after the conversion");
  from.forEach((layer, index) => {
    move(layer, to[index] as Layer);
  });
  return modern;
}

function move({ entry, slots }: Layer, { slots: targets }: Layer): void {
  if (slots.length !== targets.length) throw entryError(entry, "expected as many weights after the conversion");
  const data = slots.filter(({ isUnused }) => !isUnused).map((slot) => slot.data);
  targets
    .filter(({ isUnused }) => !isUnused)
    .forEach((slot, index) => {
      slot.fill(data[index] as (typeof data)[number]);
    });
}
