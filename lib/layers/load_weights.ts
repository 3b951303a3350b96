import type { GRUOptions } from "../arguments/constructor.js";
import { expected, expectedText, formatShape } from "../arguments/messages.js";
import { isRecord, refuseUnknown } from "../arguments/predicates.js";
import type { KerasLayerWeights } from "../formats/index.js";

/** What `loadWeights` takes beside the path. */
export interface LoadWeightsArguments {
  /**
   * Which layer to read, by its Keras name or path (`"encoder"`, `"bidirectional/forward_layer"`, `"layers/gru_1"`), or
   * PyTorch's (`"encoder.gru.l1_reverse"`); needed when the file has several GRUs.
   */
  layer?: string;
}

const KNOWN = new Set(["layer"]);

/** The weights of one GRU layer in the model file at `path`. Throws as `readGruWeights` and for bad arguments. */
export async function readWeightsFile(path: unknown, args: unknown): Promise<KerasLayerWeights> {
  if (typeof path !== "string") throw expected("ERR_ARGUMENT", "path", "the path of a Keras model file", path);
  const given = args ?? {};
  if (!isRecord(given)) throw expected("ERR_ARGUMENT", "arguments of loadWeights", "an object", args);
  refuseUnknown(given, KNOWN, "loadWeights");
  const { layer } = given as LoadWeightsArguments;
  if (layer !== undefined && typeof layer !== "string") {
    throw expected("ERR_ARGUMENT", "layer", "the name of a layer", layer);
  }
  const { readGruWeights } = await import("../formats/index.js");
  return readGruWeights(path, layer === undefined ? {} : { layer });
}

/**
 * Checks that `file`, read from `path`, has the weights of a layer with these options, built for `features` (`null`: not
 * built). Throws `ERR_SHAPE`; `ERR_ARGUMENT` where only `reset_after` differs, which shapes without a bias do not tell.
 */
export function requireFit(file: KerasLayerWeights, path: string, options: GRUOptions, features: number | null): void {
  const [label, source] = [JSON.stringify(file.path), JSON.stringify(path)];
  const gates = 3 * options.units;
  const wanted = [
    [features ?? file.features, gates],
    [options.units, gates],
  ];
  if (options.useBias) wanted.push(options.resetAfter ? [2, gates] : [gates]);
  const shapes = file.weights.map(({ shape }) => shape);
  const list = (all: readonly (readonly number[])[]) => all.map(formatShape).join(", ");
  const differs = file.resetAfter !== undefined && file.resetAfter !== options.resetAfter;
  const order = file.resetAfter ? "after" : "before";
  const other =
    `a layer that applies its reset gate ${order} the product with the recurrent kernel (load them into one made with ` +
    `reset_after: ${file.resetAfter})`;
  if (list(shapes) === list(wanted)) {
    if (!differs) return;
    const mine = `weights of a layer with reset_after: ${options.resetAfter}`;
    throw expectedText("ERR_ARGUMENT", "path", mine, `those of ${other}, in layer ${label} of ${source}`);
  }
  const missing = shapes.length < wanted.length;
  const of = options.useBias && !missing ? `reset_after: ${options.resetAfter}` : `use_bias: ${options.useBias}`;
  const what = `weights of shapes ${list(wanted)} (those of this layer, with ${of})`;
  const received = `${list(shapes)} in layer ${label} of ${source}${differs ? `, those of ${other}` : ""}`;
  throw expectedText("ERR_SHAPE", "path", what, received);
}
