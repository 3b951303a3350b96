import { expectedText } from "../../errors/messages.js";
import { quotedList } from "../file_errors.js";
import type { Source } from "../source.js";
import type { NamedLayer } from "./config_tree.js";

const MAX_SHOWN = 20;

/**
 * Returns the GRU in `layers` that `wanted` names: by its group in the weights file, by its path, or by its own name
 * where that is unique. Without `wanted` it returns the only GRU.
 *
 * @param source the model file, for messages.
 * @throws GRUError `ERR_ARGUMENT` if there is no such GRU, or more than one. The message lists all GRUs.
 */
export function selectGru<T extends NamedLayer>(
  layers: readonly T[],
  wanted: string | undefined,
  { shown: source }: Source,
): T {
  const grus = layers.filter(({ isGru }) => isGru);
  if (grus.length === 0) {
    throw expectedText("ERR_ARGUMENT", "source", "a model with a GRU layer", `${source}, ${describeOthers(layers)}`);
  }
  const list = labels(grus);
  if (wanted === undefined) {
    if (grus.length === 1) return grus[0]!;
    throw expectedText(
      "ERR_ARGUMENT",
      "layer",
      `the name of one GRU layer (${source} has ${grus.length}: ${list})`,
      "none",
    );
  }
  const found = matches(grus, wanted);
  if (found.length === 1) return found[0]!;
  const received = JSON.stringify(wanted);
  if (found.length > 1) {
    throw expectedText(
      "ERR_ARGUMENT",
      "layer",
      "the path of one GRU layer",
      `${received}, which fits ${labels(found)}`,
    );
  }
  const other = matches(layers, wanted)[0];
  const remark = other ? ` (a ${other.className} layer)` : "";
  throw expectedText("ERR_ARGUMENT", "layer", `the name of a GRU layer of ${source} (${list})`, `${received}${remark}`);
}

/**
 * Returns the layers that `wanted` fits: as a group, otherwise as a path, otherwise as a name. Keras's names come
 * first.
 */
function matches<T extends NamedLayer>(layers: readonly T[], wanted: string): T[] {
  const byGroup = layers.filter(({ group }) => group === wanted);
  if (byGroup.length > 0) return byGroup;
  const parts = wanted.split("/");
  const called = (names: readonly string[] | undefined, part: string | undefined, first: boolean) =>
    first ? names?.[0] === part : names?.includes(part!) === true;
  const search = (fits: (segments: NamedLayer["segments"]) => boolean) =>
    layers.filter(({ segments, sharedAt }) => [segments, ...sharedAt].some(fits));
  for (const first of [true, false]) {
    const byPath = search(
      (segments) => segments.length === parts.length && segments.every((names, at) => called(names, parts[at], first)),
    );
    if (byPath.length > 0) return byPath;
  }
  if (parts.length > 1) return [];
  const byName = search((segments) => called(segments.at(-1), wanted, true));
  return byName.length > 0 ? byName : search((segments) => called(segments.at(-1), wanted, false));
}

function describeOthers(layers: readonly NamedLayer[]): string {
  if (layers.length === 0) {
    return "whose config lists no layers (a subclassed model? Make the layer with new GRU(units, ...) and call its loadWeights)";
  }
  return `whose layers are: ${quotedList(layers.map(({ label, className }) => `${label} (${className})`))}`;
}

/** Returns the labels of `layers`, each with its remark. */
function labels(layers: readonly NamedLayer[]): string {
  const shown = layers.slice(0, MAX_SHOWN).map(({ label, note }) => JSON.stringify(label) + (note ? ` (${note})` : ""));
  const left = layers.length - shown.length;
  return left > 0 ? `${shown.join(", ")} and ${left} more` : shown.join(", ");
}
