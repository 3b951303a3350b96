import type { GRUOptions } from "../arguments/constructor.js";
import { expected, expectedText, formatShape } from "../arguments/messages.js";
import { isRecord, refuseUnknown } from "../arguments/predicates.js";
import type { KerasLayerWeights } from "../formats/index.js";
import { readSource, type Source } from "../formats/source.js";

/** What `loadWeights` takes beside the file. */
export interface LoadWeightsArguments {
  /**
   * Which layer to read, by its Keras name or path (`"encoder"`, `"bidirectional/forward_layer"`, `"layers/gru_1"`);
   * needed when the file has several GRUs.
   */
  layer?: string | undefined;
}

const KNOWN = new Set(["layer"]);

/** Weights that were read, and where from. */
export interface WeightsFile {
  readonly file: KerasLayerWeights;
  readonly source: Source;
}

/**
 * The weights of one GRU layer in the model file `source`, of which bytes are copied before this returns. Rejects as
 * `readGruWeights` and for bad arguments.
 */
export async function readWeightsFile(source: unknown, args: unknown): Promise<WeightsFile> {
  const read = readSource(source);
  const given = args ?? {};
  if (!isRecord(given)) throw expected("ERR_ARGUMENT", "arguments of loadWeights", "an object", args);
  refuseUnknown(given, KNOWN, "loadWeights");
  const { layer } = given as LoadWeightsArguments;
  if (layer !== undefined && typeof layer !== "string") {
    throw expected("ERR_ARGUMENT", "layer", "the name of a layer", layer);
  }
  const { readGruWeights } = await import("../formats/index.js");
  return { file: await readGruWeights(read, layer === undefined ? {} : { layer }), source: read };
}

/**
 * Checks that a file has the weights of a layer with these options, built for `features` (`null`: not built). Throws
 * `ERR_SHAPE`.
 */
export function requireFit({ file, source }: WeightsFile, options: GRUOptions, features: number | null): void {
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
  const received = `${list(shapes)} in layer ${JSON.stringify(file.path)} of ${source.shown}`;
  throw expectedText("ERR_SHAPE", "source", what, received);
}
