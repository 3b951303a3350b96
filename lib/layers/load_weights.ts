import type { GRUOptions } from "../arguments/constructor.js";
import { expected, expectedText, formatShape, reading } from "../arguments/messages.js";
import { isRecord, refuseUnknown } from "../arguments/predicates.js";
import type { KerasLayerWeights } from "../formats/index.js";

/** What `loadWeights` takes beside the path. */
export interface LoadWeightsArguments {
  /**
   * Which layer to read, by its Keras name or path (`"encoder"`, `"bidirectional/forward_layer"`, `"layers/gru_1"`);
   * needed when the file has several GRUs.
   */
  layer?: string;
}

const KNOWN = new Set(["layer"]);

/** The weights of one GRU layer in the model file at `path`. Throws as `readGruWeights` and for bad arguments. */
export async function readWeightsFile(path: unknown, args: unknown): Promise<KerasLayerWeights> {
  if (typeof path !== "string") throw expected("ERR_ARGUMENT", "path", "the path of a Keras model file", path);
  const layer = reading("loadWeights", () => readLayerName(args));
  const { readGruWeights } = await import("../formats/index.js");
  return readGruWeights(path, layer === undefined ? {} : { layer });
}

function readLayerName(args: unknown): string | undefined {
  const given = args ?? {};
  if (!isRecord(given)) throw expected("ERR_ARGUMENT", "arguments of loadWeights", "an object", args);
  refuseUnknown(given, KNOWN, "loadWeights");
  const { layer } = given as LoadWeightsArguments;
  if (layer === undefined || typeof layer === "string") return layer;
  throw expected("ERR_ARGUMENT", "layer", "the name of a layer", layer);
}

/**
 * Checks that `file`, read from `path`, has the weights of a layer with these options, built for `features` (`null`: not
 * built). Throws `ERR_SHAPE`.
 */
export function requireFit(file: KerasLayerWeights, path: string, options: GRUOptions, features: number | null): void {
  const gates = 3 * options.units;
  const wanted = [
    [features ?? file.features, gates],
    [options.units, gates],
  ];
  if (options.useBias) wanted.push(options.resetAfter ? [2, gates] : [gates]);
  const shapes = file.weights.map(({ shape }) => shape);
  const list = (all: readonly (readonly number[])[]) => all.map(formatShape).join(", ");
  if (list(shapes) === list(wanted)) return;
  const of = options.useBias ? `reset_after: ${options.resetAfter}` : "use_bias: false";
  const what = `weights of shapes ${list(wanted)} (those of this layer, with ${of})`;
  const received = `${list(shapes)} in layer ${JSON.stringify(file.path)} of ${JSON.stringify(path)}`;
  throw expectedText("ERR_SHAPE", "path", what, received);
}
