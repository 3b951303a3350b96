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
export function selectGru<T extends NamedLayer>(layers: readonly T[], wanted: string | undefined, source: Source): T {
  const grus = layers.filter(({ isGru }) => isGru);
  return selectLayer({ candidates: grus, kind: "GRU", others: layers, argument: "layer" }, wanted, source);
}

/** The layers to choose from. */
export interface Choice<T extends NamedLayer> {
  readonly candidates: readonly T[];
  /** The class or classes of the candidates, for messages. */
  readonly kind: string;
  /** All layers of the model, which messages mention when none of the candidates is meant. */
  readonly others: readonly NamedLayer[];
  /** The argument that names the layer. */
  readonly argument: string;
}

/** Returns one of the candidates, in the way of `selectGru`. */
export function selectLayer<T extends NamedLayer>(
  { candidates, kind, others, argument }: Choice<T>,
  wanted: string | undefined,
  { shown: source }: Source,
): T {
  if (candidates.length === 0) {
    throw expectedText(
      "ERR_ARGUMENT",
      "source",
      `a model with a ${kind} layer`,
      `${source}, ${describeOthers(others)}`,
    );
  }
  const list = labels(candidates);
  if (wanted === undefined) {
    if (candidates.length === 1) return candidates[0]!;
    const wantedText = `the name of one ${kind} layer (${source} has ${candidates.length}: ${list})`;
    const remedy = `Pass { ${argument}: ${labels(candidates.slice(0, 1))} }, for example.`;
    throw expectedText("ERR_ARGUMENT", argument, wantedText, "none", { remedy });
  }
  const found = matches(candidates, wanted);
  if (found.length === 1) return found[0]!;
  const received = JSON.stringify(wanted);
  if (found.length > 1) {
    const fitting = `${received}, which fits ${labels(found)}`;
    throw expectedText("ERR_ARGUMENT", argument, `the path of one ${kind} layer`, fitting);
  }
  const other = matches(others, wanted)[0];
  const remark = other ? ` (a ${other.className} layer)` : "";
  const one = `the name of a ${kind} layer of ${source} (${list})`;
  throw expectedText("ERR_ARGUMENT", argument, one, `${received}${remark}`);
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

/** Returns the labels of `layers`, each with its remark, for a message. */
export function labels(layers: readonly NamedLayer[]): string {
  const shown = layers.slice(0, MAX_SHOWN).map(({ label, note }) => JSON.stringify(label) + (note ? ` (${note})` : ""));
  const left = layers.length - shown.length;
  return left > 0 ? `${shown.join(", ")} and ${left} more` : shown.join(", ");
}
