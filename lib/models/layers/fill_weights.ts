import { GRUError } from "../../errors/gru_error.js";
import type { StoredVariable } from "../../formats/hdf5/dataset.js";
import { toWeight } from "../../formats/keras_files/gru_variables.js";
import type { ModelWeights } from "../../formats/whole_model.js";
import { type Entry, entryError } from "../graph/entry.js";
import { modernWeights } from "./gru_weights.js";
import type { Layer } from "./layer.js";
import { arraysOf, matchLegacyArrays } from "./legacy_arrays.js";
import type { WeightSlot } from "./weight_slot.js";

/** Reads the weights of all layers of `model` from its file. */
export async function fillWeights(model: Layer, weights: ModelWeights): Promise<void> {
  await readWeights(model, weights);
  for (const layer of model.all()) modernWeights(layer);
}

async function readWeights(model: Layer, weights: ModelWeights): Promise<void> {
  for (const layer of model.all()) if (layer.takesAllWeights) await fillAll(layer, weights);
  if (weights.layout === "lists") {
    const matched = matchLegacyArrays(model, weights.lists).filter(({ slot }) => !slot.isUnused);
    if (matched.length > 0) fill(matched, await weights.read({ datasets: matched.map(requestOf) }));
    return;
  }
  for (const layer of model.all()) {
    if (layer.takesAllWeights) continue;
    for (const group of new Set(layer.slots.map((slot) => slot.group))) {
      const slots = layer.slots.filter((slot) => slot.group === group);
      const used = slots.filter(({ isUnused }) => !isUnused);
      const { place, name } = layer.entry;
      const request = {
        group: group === "" ? place.group : `${place.group}/${group}`,
        named: { group: place.group, name },
        variables: used.map((slot) => requestOf({ slot })),
        unread: slots.length - used.length,
      };
      const read = await naming(layer.entry, () => weights.read(request));
      fill(
        used.map((slot) => ({ slot })),
        read,
      );
    }
  }
}

/** Reads all arrays that the file has for `layer`. */
async function fillAll(layer: Layer, weights: ModelWeights): Promise<void> {
  const { place } = layer.entry;
  const arrays = weights.layout === "groups" ? await weights.list(place.group) : arraysOf(layer, weights.lists);
  const wanted = arrays.map(({ name, path, shape }) => ({ slot: layer.weight({ name, shape }), path }));
  if (wanted.length > 0) fill(wanted, await weights.read({ datasets: wanted.map(requestOf) }));
}

function requestOf<P extends { readonly slot: WeightSlot }>({ slot, ...place }: P) {
  return { ...place, label: slot.name, shape: slot.shape === null ? null : [...slot.shape] };
}

function fill(wanted: readonly { readonly slot: WeightSlot }[], read: readonly StoredVariable[]): void {
  read.forEach((variable, index) => {
    wanted[index]?.slot.fill(toWeight(variable));
  });
}

/** Runs `read`, and names the layer in its errors. */
async function naming<T>(entry: Entry, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof GRUError ? entryError(entry, error.message, error.code) : error;
  }
}
