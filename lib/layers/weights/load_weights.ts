import type { GRUOptions } from "../../arguments/constructor.js";
import { formatShape } from "../../errors/describe.js";
import { expected, expectedText } from "../../errors/messages.js";
import { reading } from "../../errors/reading.js";
import type { KerasLayerWeights } from "../../formats/index.js";
import { readSource, type Source } from "../../formats/source.js";
import { readRecord } from "../../options/record.js";

/** The arguments of `loadWeights`, beside the file. */
export interface LoadWeightsArguments {
  /**
   * The layer to read, by its Keras name or path (`"encoder"`, `"bidirectional/forward_layer"`, `"layers/gru_1"`) or
   * its PyTorch name (`"encoder.gru.l1_reverse"`). It is required when the file has several GRUs.
   */
  layer?: string | undefined;
}

const KNOWN = new Set(["layer"]);

/** The weights from a file, and the source they were read from. */
export interface WeightsFile {
  readonly file: KerasLayerWeights;
  readonly source: Source;
}

/**
 * Reads the weights of one GRU layer in the model file `source`. If `source` is bytes, they are copied before this
 * function returns. Rejects with the errors of `readGruWeights`, and for bad arguments.
 */
export async function readWeightsFile(source: unknown, args: unknown): Promise<WeightsFile> {
  const read = readSource(source);
  const layer = readLayerName(args);
  const { readGruWeights } = await import("../../formats/index.js");
  return { file: await readGruWeights(read, layer === undefined ? {} : { layer }), source: read };
}

/** Reads the argument `layer` of `loadWeights`. Throws `ERR_ARGUMENT`. */
export function readLayerName(args: unknown): string | undefined {
  return reading("loadWeights", () => {
    const { layer } = readRecord(args ?? {}, KNOWN, "loadWeights");
    if (layer === undefined || typeof layer === "string") return layer;
    throw expected("ERR_ARGUMENT", "layer", "the name of a layer", layer);
  });
}

/**
 * Checks that the weights of a file fit a layer with these options that is built for `features` (`null` when it is not
 * built). Throws `ERR_SHAPE`, or `ERR_ARGUMENT` when only `reset_after` differs, which the shapes do not show without a
 * bias.
 */
export function requireFit({ file, source }: WeightsFile, options: GRUOptions, features: number | null): void {
  const label = JSON.stringify(file.path);
  const gates = 3 * options.units;
  const wantedShapes = [
    [features ?? file.features, gates],
    [options.units, gates],
  ];
  if (options.useBias) wantedShapes.push(options.resetAfter ? [2, gates] : [gates]);
  const shapes = file.weights.map(({ shape }) => shape);
  const list = (all: readonly (readonly number[])[]) => all.map(formatShape).join(", ");
  const differs = file.resetAfter !== undefined && file.resetAfter !== options.resetAfter;
  const order = file.resetAfter ? "after" : "before";
  const otherLayer =
    `a layer that applies its reset gate ${order} the product with the recurrent kernel (load them into one made with ` +
    `reset_after: ${file.resetAfter})`;
  if (list(shapes) === list(wantedShapes)) {
    if (!differs) return;
    const wantedWeights = `weights of a layer with reset_after: ${options.resetAfter}`;
    throw expectedText(
      "ERR_ARGUMENT",
      "source",
      wantedWeights,
      `those of ${otherLayer}, in layer ${label} of ${source.shown}`,
    );
  }
  const missing = shapes.length < wantedShapes.length;
  const setting = options.useBias && !missing ? `reset_after: ${options.resetAfter}` : `use_bias: ${options.useBias}`;
  const wantedWeights = `weights of shapes ${list(wantedShapes)} (those of this layer, with ${setting})`;
  const received = `${list(shapes)} in layer ${label} of ${source.shown}${differs ? `, those of ${otherLayer}` : ""}`;
  throw expectedText("ERR_SHAPE", "source", wantedWeights, received);
}
