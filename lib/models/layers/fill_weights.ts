import { toWeight } from "../../formats/keras_files/gru_variables.js";
import type { ModelWeights } from "../../formats/whole_model.js";
import { entryError } from "../graph/entry.js";
import type { Layer } from "./layer.js";
import { matchLegacyArrays } from "./legacy_arrays.js";

/** Reads the weights of all layers of `model` from its file. */
export async function fillWeights(model: Layer, weights: ModelWeights): Promise<void> {
  if (weights.layout === "lists") {
    const matched = matchLegacyArrays(model, weights.lists);
    if (matched.length === 0) return;
    const stored = await weights.read({
      datasets: matched.map(({ slot, path }) => ({ label: slot.name, shape: [...slot.shape], path })),
    });
    stored.forEach((variable, index) => {
      matched[index]?.slot.fill(toWeight(variable));
    });
    return;
  }
  for (const layer of model.all()) {
    const groups = new Set(layer.slots.map(({ group }) => group));
    for (const group of groups) {
      const slots = layer.slots.filter((slot) => slot.group === group);
      const { place, name } = layer.entry;
      const inner = group === "" ? place.group : `${place.group}/${group}`;
      const variables = slots.map((slot) => ({ label: slot.name, shape: [...slot.shape] }));
      const read = await weights
        .read({ group: inner, named: { group: place.group, name }, variables })
        .catch((error: unknown) => {
          throw error instanceof Error && "code" in error ? entryError(layer.entry, error.message) : error;
        });
      read.forEach((variable, index) => {
        slots[index]?.fill(toWeight(variable));
      });
    }
  }
}
