import type { LegacyArray, LegacyArrays } from "../../formats/hdf5/legacy_arrays.js";
import { entryError } from "../graph/entry.js";
import type { Layer } from "./layer.js";
import type { WeightSlot } from "./weight_slot.js";

/** A weight, and the path of its array in the file. */
export interface MatchedArray {
  readonly slot: WeightSlot;
  readonly path: string;
}

interface Wanted {
  readonly slot: WeightSlot;
  readonly layer: Layer;
}

/**
 * Finds the arrays of an `.h5` file for the weights of a model. The file lists the arrays of each top-level layer: first all
 * that training changes, then the others. Names decide where they tell arrays apart, and the order decides elsewhere:
 * TensorFlow's names may differ from those of the layers.
 */
export function matchLegacyArrays(model: Layer, lists: readonly LegacyArrays[]): MatchedArray[] {
  const byName = new Map(lists.map(({ layer, arrays }) => [layer, arrays]));
  return model.children.flatMap((top) => {
    const wanted = wantedOf(top);
    if (wanted.length === 0) return [];
    const arrays = byName.get(top.entry.name);
    if (arrays === undefined) throw entryError(top.entry, "expected its arrays but found none");
    return byNames(wanted, arrays) ?? inOrder(top, wanted, arrays);
  });
}

/** Returns the arrays of one layer, by its name among the parts of their names. */
export function arraysOf({ entry }: Layer, lists: readonly LegacyArrays[]): LegacyArray[] {
  const { names } = entry.place;
  const top = lists.find(({ layer }) => layer === names[0])?.arrays ?? [];
  return names.length === 1 ? [...top] : top.filter(({ name }) => name.split("/").includes(entry.name));
}

function wantedOf(top: Layer): Wanted[] {
  const layers = top.all().filter(({ takesAllWeights }) => !takesAllWeights);
  return layers.flatMap((layer) => layer.slots.map((slot) => ({ slot, layer })));
}

function byNames(wanted: readonly Wanted[], arrays: readonly LegacyArray[]): MatchedArray[] | null {
  const used = new Set<LegacyArray>();
  const found: MatchedArray[] = [];
  for (const { slot, layer } of wanted) {
    const fitting = arrays.filter((array) => {
      const parts = array.name.split("/");
      const own = (parts.pop() as string).replace(/:\d+$/, "");
      return own === slot.name && parts.includes(layer.entry.name) && fits(slot, array);
    });
    const [array] = fitting;
    if (array === undefined || fitting.length > 1 || used.has(array)) return null;
    used.add(array);
    found.push({ slot, path: array.path });
  }
  return found;
}

function inOrder(top: Layer, wanted: readonly Wanted[], arrays: readonly LegacyArray[]): MatchedArray[] {
  const isTrainable = ({ slot, layer }: Wanted) => slot.trainable && layer.entry.place.trainable;
  const sorted = [...wanted.filter(isTrainable), ...wanted.filter((one) => !isTrainable(one))];
  const found = sorted.map(({ slot }, index): MatchedArray | null => {
    const array = arrays[index];
    return array !== undefined && fits(slot, array) ? { slot, path: array.path } : null;
  });
  const missing = found.indexOf(null);
  if (missing < 0 && arrays.length >= sorted.length) return found as MatchedArray[];
  const { slot, layer } = sorted[Math.max(0, missing)] as Wanted;
  const names = arrays.map(({ name, shape }) => `${name} [${shape.join(", ")}]`).join(", ");
  throw entryError(
    layer.entry,
    `expected an array ${slot.name} among those of ${top.entry.name} but found ${names || "none"}`,
  );
}

function fits({ shape }: WeightSlot, array: LegacyArray): boolean {
  if (shape === null) return true;
  return (
    shape.length === array.shape.length && shape.every((size, axis) => size === null || size === array.shape[axis])
  );
}
