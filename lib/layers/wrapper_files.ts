import { expected, expectedText } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import type { BidirectionalToWrite, LayerToWrite, WantedLayer, WeightData, WrapperFile } from "../formats/index.js";
import type { Source } from "../formats/source.js";
import { everyItem } from "../native/arrays.js";
import { readRecord } from "../options/record.js";
import type { HalfConfigs } from "./bidirectional_config.js";
import type { Composite, Stage } from "./composite/composite.js";
import type { LayerParts } from "./layer_parts.js";
import type { WeightsFile } from "./weights/load_weights.js";
import type { SaveRequest } from "./weights/save_weights.js";

/** The configs and weights of a Bidirectional in a file. */
export interface BidirectionalFile extends HalfConfigs {
  readonly weights: readonly [WeightsFile, WeightsFile];
}

const REMEDY = "Make the layer with its constructor and call its loadWeights.";

/** Reads the layers that `wanted` names. Rejects with the errors of `readKerasWrappers`. */
export async function readWrappers(source: Source, wanted: readonly WantedLayer[]): Promise<WrapperFile[]> {
  const { readKerasWrappers } = await import("../formats/index.js");
  return readKerasWrappers(source, wanted, REMEDY);
}

/** Returns the names of the layers that can be read, for a message. Rejects with the errors of `readKerasWrappers`. */
export async function listWrappers(source: Source): Promise<string> {
  const { listKerasWrappers } = await import("../formats/index.js");
  return listKerasWrappers(source, REMEDY);
}

/** Returns the configs and weights of a Bidirectional that was read from `source`. */
export function bidirectionalFile(
  { config, forward, backward }: Extract<WrapperFile, { kind: "bidirectional" }>,
  source: Source,
): BidirectionalFile {
  return {
    own: withoutBuild(config),
    forward: forward.config,
    backward: backward.config,
    weights: [
      { file: forward, source },
      { file: backward, source },
    ],
  };
}

function withoutBuild({ build_config: _, ...config }: Record<string, unknown>): Record<string, unknown> {
  return config;
}

/** Reads one Bidirectional. Rejects with the errors of `readKerasWrappers`. */
export async function readBidirectionalFile(source: Source, name: string | undefined): Promise<BidirectionalFile> {
  const [file] = await readWrappers(source, [{ name, kind: "bidirectional", argument: "layer" }]);
  return bidirectionalFile(file as Extract<WrapperFile, { kind: "bidirectional" }>, source);
}

/** Reads the weights of one Bidirectional. Rejects with the errors of `readWrapperWeights`. */
export async function readPairWeights(source: Source, name: string | undefined): Promise<WeightsFile[]> {
  return readStageWeights(source, [{ name, kind: "bidirectional", argument: "layer" }]);
}

/** Reads the weights of layers, one entry for each half. Rejects with the errors of `readWrapperWeights`. */
export async function readStageWeights(source: Source, wanted: readonly WantedLayer[]): Promise<WeightsFile[]> {
  const { readWrapperWeights } = await import("../formats/index.js");
  const read = await readWrapperWeights(source, wanted);
  const halves = read.flatMap((layer) => (layer.kind === "gru" ? [layer.gru] : [layer.forward, layer.backward]));
  return halves.map((file) => ({ file, source }));
}

/**
 * Throws `ERR_ARGUMENT` when the calls of a layer in a file have several results, and no argument says so. The type of a
 * layer must not be wrong about its results, and no type knows the content of a file.
 */
export function requireKnownResults(
  { own, forward }: HalfConfigs,
  given: { return_state?: unknown; merge_mode?: unknown },
  shown: string,
): void {
  const settings = [
    ["return_state", forward.return_state === true, "return_state: true"],
    ["merge_mode", own.merge_mode === null, "merge_mode: null"],
  ] as const;
  for (const [argument, isSeveral, setting] of settings) {
    if (!isSeveral || given[argument] !== undefined) continue;
    throw expectedText(
      "ERR_ARGUMENT",
      "arguments of fromKeras",
      `\`${argument}\``,
      `none, and the layer in ${shown} has \`${setting}\``,
      { remedy: `Pass { ${setting} }, for calls that return several tensors, or another value.` },
    );
  }
}

/** Writes the weights of a composite, which is built. Rejects with `ERR_ARGUMENT` for a path of another kind. */
export async function writeComposite(request: SaveRequest, { stages }: Composite): Promise<void> {
  const { path, format, overwrite } = request;
  if (format !== ".weights.h5") {
    throw expected("ERR_ARGUMENT", "path", "a file path that ends in .weights.h5", path);
  }
  const layers = stages.map(layerToWrite);
  const { writeModelWeights } = await import("../formats/index.js");
  await writeModelWeights(path, layers, overwrite);
}

/** Returns a stage, which is built, in the form that files are written from, with copies of its weights. */
export function layerToWrite({ name, halves }: Stage): LayerToWrite {
  const [forward, backward] = halves.map((half) => ({ name: half.name, weights: weightsOf(half) }));
  if (backward === undefined) return { kind: "gru", ...(forward as BidirectionalToWrite["forward"]) };
  return { kind: "bidirectional", name, forward: forward as BidirectionalToWrite["forward"], backward };
}

function weightsOf({ weights }: LayerParts): WeightData[] {
  const copies = weights.requireBuilt("saveWeights").get();
  return copies.map(({ shape, dtype, data }) => ({ shape, dtype, data }) as WeightData);
}

/** Reads the argument `layers` of a stack's `loadWeights`. Returns `null` for none. Throws `ERR_ARGUMENT`. */
export function readLayerNames(args: unknown, { stages }: Composite): readonly string[] | null {
  return reading("loadWeights", () => {
    const { layers } = readRecord(args ?? {}, KNOWN, "loadWeights");
    if (layers === undefined) return null;
    const isName = (item: unknown) => typeof item === "string" && item !== "";
    if (Array.isArray(layers) && layers.length === stages.length && everyItem(layers, isName)) return [...layers];
    throw expected("ERR_ARGUMENT", "layers", `an array of ${stages.length} names of layers`, layers);
  });
}

const KNOWN: ReadonlySet<string> = new Set(["layers"]);

/** Returns the layers of a file that a stack's weights are read from: those with `names`, or those in Keras's places. */
export function wantedStages({ stages }: Composite, names: readonly string[] | null): WantedLayer[] {
  const counts = { gru: 0, bidirectional: 0 };
  return stages.map(({ halves }, index) => {
    const kind = halves.length === 1 ? "gru" : "bidirectional";
    const count = counts[kind];
    counts[kind] += 1;
    const place = `layers/${count === 0 ? kind : `${kind}_${count}`}`;
    return { name: names?.[index] ?? place, kind, argument: `layers[${index}]` };
  });
}
