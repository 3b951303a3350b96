import { GRUError } from "../errors.js";
import { type ConfigLayer, layerPath } from "./config_tree.js";
import { quotedList } from "./problem.js";

/**
 * The GRU among `layers` that `wanted` names: its path, or its own name where that is unique. Without `wanted` the only
 * GRU there is.
 *
 * @param file path of the model file, for messages.
 * @throws GRUError `ERR_ARGUMENT` if there is no such GRU, or more than one; the message lists those there are.
 */
export function selectGru(layers: readonly ConfigLayer[], wanted: string | undefined, file: string): ConfigLayer {
  const grus = layers.filter(({ isGru }) => isGru);
  const source = JSON.stringify(file);
  if (grus.length === 0) {
    throw new GRUError(
      "ERR_ARGUMENT",
      `Expected a model with a GRU layer for \`path\` but received ${source}, ${describeOthers(layers)}`,
    );
  }
  const list = quotedList(grus.map(({ segments }) => layerPath(segments)));
  if (wanted === undefined) {
    if (grus.length === 1) return grus[0]!;
    throw new GRUError(
      "ERR_ARGUMENT",
      `Expected the name of one GRU layer for \`layer\` (${source} has ${grus.length}: ${list}) but received none`,
    );
  }
  const found = matches(grus, wanted);
  if (found.length === 1) return found[0]!;
  const received = JSON.stringify(wanted);
  if (found.length > 1) {
    const candidates = quotedList(found.map(({ segments }) => layerPath(segments)));
    throw new GRUError(
      "ERR_ARGUMENT",
      `Expected the path of one GRU layer for \`layer\` but received ${received}, which fits ${candidates}`,
    );
  }
  const other = matches(layers, wanted)[0];
  const remark = other ? ` (a ${other.className} layer)` : "";
  throw new GRUError(
    "ERR_ARGUMENT",
    `Expected the name of a GRU layer of ${source} (${list}) for \`layer\` but received ${received}${remark}`,
  );
}

function matches(layers: readonly ConfigLayer[], wanted: string): ConfigLayer[] {
  const parts = wanted.split("/");
  const places = (layer: ConfigLayer) => [layer.segments, ...layer.sharedAt];
  const byPath = layers.filter((layer) =>
    places(layer).some(
      (segments) => segments.length === parts.length && segments.every((names, index) => names.includes(parts[index]!)),
    ),
  );
  if (byPath.length > 0 || parts.length > 1) return byPath;
  return layers.filter((layer) => places(layer).some((segments) => segments.at(-1)?.includes(wanted)));
}

function describeOthers(layers: readonly ConfigLayer[]): string {
  if (layers.length === 0) return "whose config.json lists no layers (is it a subclassed model?)";
  return `whose layers are: ${quotedList(layers.map(({ segments, className }) => `${layerPath(segments)} (${className})`))}`;
}
