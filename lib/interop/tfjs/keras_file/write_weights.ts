// The groups of a weights file of Keras 3, filled with the weights that tfjs saves.
import type * as tfjs from "@tensorflow/tfjs";
import type { WeightData } from "../../../formats/keras_files/gru_variables.js";
import type { WeightGroup } from "../../../formats/keras_files/weight_groups.js";
import { snakeCase } from "../../../models/graph/entry.js";
import { tf } from "../load_tfjs.js";
import { malformed, refused } from "./refusal.js";
import type { Config } from "./rules/rule.js";
import { asPlain } from "./rules/vocabularies.js";
import type { LayerWeights, PlacedWeight, TopWeights } from "./weight_places.js";

/** The weights that `model.save` passes to its handler. */
export type SavedWeights = Pick<tfjs.io.ModelArtifacts, "weightSpecs" | "weightData">;

/** Returns the groups of all weights of the model `name`. Their arrays share the memory of `saved` where they can. */
export function weightGroups(name: string, tops: readonly TopWeights[], saved: SavedWeights): WeightGroup[] {
  const data = dataByName(saved);
  const groups = tops.flatMap(({ layers }) => layers.flatMap((layer) => groupsOf(layer, data)));
  for (const left of data.keys())
    throw refused(`weight ${JSON.stringify(left)}`, "it belongs to no layer of the model");
  return [{ path: "", name, weights: [] }, ...groups];
}

function dataByName({ weightSpecs = [], weightData }: SavedWeights): Map<string, WeightData> {
  const buffer = new tf.io.CompositeArrayBuffer(weightData);
  const data = new Map<string, WeightData>();
  let offset = 0;
  for (const { name, shape, dtype } of weightSpecs) {
    const where = `weight ${JSON.stringify(name)}`;
    if (dtype !== "float32") throw refused(where, `its dtype ${dtype} is not float32`);
    if (data.has(name)) throw refused(where, "two layers have weights of this name. Rename one of them");
    const bytes = 4 * tf.util.sizeFromShape(shape);
    data.set(name, { shape, dtype, data: new Float32Array(buffer.slice(offset, offset + bytes)) });
    offset += bytes;
  }
  return data;
}

function groupsOf({ layer, weights }: LayerWeights, data: Map<string, WeightData>): WeightGroup[] {
  if (weights.length === 0) return [];
  const { group, name } = layer;
  const { keras, rule } = layer.converted;
  const parts = new Map<string, PlacedWeight[]>([["", []]]);
  for (const weight of weights) {
    // Keras has a group for everything between a layer and its part, too.
    const steps = weight.part.split("/");
    for (let count = 1; count < steps.length; count += 1) addTo(parts, steps.slice(0, count).join("/"));
    addTo(parts, weight.part, weight);
  }
  return [...parts].map(([part, own]) => ({
    path: part === "" ? group : `${group}/${part}`,
    name: part === "" ? name : partName(keras, part, rule.keras),
    weights: own.map((weight) => take(data, weight, layer.where)),
  }));
}

function addTo(parts: Map<string, PlacedWeight[]>, part: string, weight?: PlacedWeight): void {
  const list = parts.get(part) ?? [];
  if (weight !== undefined) list.push(weight);
  parts.set(part, list);
}

/** Returns Keras's name of a part of a layer: of a layer inside it, or of a cell. */
function partName({ layer, backward_layer }: Config, part: string, className: string): string {
  const [first, second] = part.split("/");
  const inner = asPlain(first === "backward_layer" ? backward_layer : layer);
  const isCell = part === "cell" || second === "cell";
  return isCell ? `${snakeCase(String(inner?.class_name ?? className))}_cell` : String(asPlain(inner?.config)?.name);
}

function take(data: Map<string, WeightData>, { tfjs, shape }: PlacedWeight, where: string): WeightData {
  const found = data.get(tfjs);
  if (found === undefined) {
    throw malformed(where, `expected its weight ${tfjs} but found none. Save all weights, without trainableOnly`);
  }
  if (found.shape.join() !== shape.join()) {
    throw malformed(
      where,
      `expected its weight ${tfjs} of shape [${shape.join(", ")}] but found [${found.shape.join(", ")}]`,
    );
  }
  data.delete(tfjs);
  return found;
}
