import { layerPath, type NamedLayer } from "./config_tree.js";

/** A Bidirectional of two GRUs in a model file. */
export interface Pair<T extends NamedLayer> extends NamedLayer {
  readonly forward: T;
  readonly backward: T;
  /** The Bidirectional itself, in a file that describes it. */
  readonly wrapper: T | undefined;
}

const FORWARD = "forward_layer";
const BACKWARD = "backward_layer";

/**
 * Returns the Bidirectionals whose halves are among the GRUs of `layers`. The two directions of one layer of PyTorch's
 * are one too, under the name of the forward one.
 */
export function pairsOf<T extends NamedLayer>(layers: readonly T[]): Pair<T>[] {
  const grus = layers.filter(({ isGru }) => isGru);
  return grus.flatMap((forward) => {
    const pair = isHalf(forward, FORWARD) ? kerasPair(forward, grus, layers) : torchPair(forward, grus);
    return pair === undefined ? [] : [pair];
  });
}

function kerasPair<T extends NamedLayer>(forward: T, grus: readonly T[], layers: readonly T[]): Pair<T> | undefined {
  const segments = forward.segments.slice(0, -1);
  const label = layerPath(segments);
  const isSibling = (layer: T) => layerPath(layer.segments.slice(0, -1)) === label;
  const backward = grus.find((layer) => isHalf(layer, BACKWARD) && isSibling(layer));
  if (backward === undefined) return undefined;
  const wrapper = layers.find((layer) => !layer.isGru && layerPath(layer.segments) === label);
  const group = forward.group.endsWith(`/${FORWARD}`) ? forward.group.slice(0, -FORWARD.length - 1) : label;
  const sharedAt = forward.sharedAt.map((other) => other.slice(0, -1));
  return { segments, sharedAt, className: CLASS, isGru: false, group, label, forward, backward, wrapper };
}

function torchPair<T extends NamedLayer>(forward: T, grus: readonly T[]): Pair<T> | undefined {
  const backward = grus.find(({ label }) => label === `${forward.label}_reverse`);
  if (backward === undefined) return undefined;
  const { segments, sharedAt, group, label } = forward;
  return { segments, sharedAt, className: CLASS, isGru: false, group, label, forward, backward, wrapper: undefined };
}

const CLASS = "Bidirectional";

function isHalf({ segments }: NamedLayer, half: string): boolean {
  return segments.length > 1 && segments.at(-1)?.includes(half) === true;
}
