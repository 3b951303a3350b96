import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import type { WrapperFile } from "../formats/index.js";
import type { Source } from "../formats/source.js";
import { everyItem } from "../native/arrays.js";
import { isRecord, readRecord, refuseUnknown } from "../options/record.js";
import { Bidirectional } from "./bidirectional.js";
import { argumentsOfBidirectional } from "./bidirectional_config.js";
import { outputWidths, type Stage } from "./composite/composite.js";
import { compositeOf } from "./composite/composite_layer.js";
import { layerArguments } from "./from_config.js";
import { GRU } from "./gru.js";
import type { StackLayer, StackParts } from "./gru_stack_parts.js";
import type { WeightsFile } from "./weights/load_weights.js";
import { builtShape, type SerializedLayer, serializedGru, unwrapConfig } from "./wrapper_config.js";
import { bidirectionalFile, listWrappers, readWrappers } from "./wrapper_files.js";

type Config = Record<string, unknown>;

/**
 * The config of a GRUStack, which can be written as JSON. The type of a config that `getConfig()` returned includes the
 * stack's `return_state`.
 */
export type GRUStackConfig<S extends boolean = boolean> = Record<string, unknown> & {
  /** Whether calls return the states of all GRUs. */
  return_state?: S | undefined;
  /** The layers as Keras writes them into the config of a Sequential model. */
  layers?: readonly SerializedLayer[] | undefined;
};

/** Returns the config of a stack. */
export function serializedLayers(name: string, { layers, composite }: StackParts): GRUStackConfig {
  return {
    name,
    trainable: composite.owner.trainable,
    return_state: composite.returnState,
    layers: composite.stages.map((stage, index) => serializedStage(stage, layers[index])),
  };
}

function serializedStage({ halves }: Stage, layer: unknown): SerializedLayer {
  const half = serializedGru(halves[0]);
  if (halves.length === 1) return half;
  const { build_config } = half;
  return {
    module: "keras.layers",
    class_name: "Bidirectional",
    config: (layer as Bidirectional).getConfig(),
    registered_name: null,
    ...(build_config === undefined ? {} : { build_config }),
  };
}

/** The arguments of all layers that override a config. */
const OF_LAYERS = ["use_cudnn", "cuda_device", "custom_objects"];
const OF_STACK = ["return_state", "name"];
const OF_CONFIG: ReadonlySet<string> = new Set([...OF_STACK, ...OF_LAYERS]);
const OF_KERAS: ReadonlySet<string> = new Set(["layers", ...OF_CONFIG]);
const CONFIG = new Set(["name", "trainable", "return_state", "layers"]);

/** The layers of a stack, and the arguments of the stack itself. */
export interface LayersAndArguments {
  readonly layers: readonly StackLayer[];
  readonly args: Config;
  /** Whether the stack itself is trainable. */
  readonly trainable: boolean;
}

/** Makes the layers that a stack's config describes. Throws the errors of `GRUStack.fromConfig`. */
export function layersOfConfig(given: unknown, extra: unknown): LayersAndArguments {
  return reading("fromConfig", () => {
    const config = unwrapConfig(given, "GRUStack");
    refuseUnknown(config, CONFIG, "config of a GRUStack");
    const { layers, trainable = true, ...own } = config;
    if (!Array.isArray(layers))
      throw expected("ERR_ARGUMENT", "config.layers", "an array of serialized layers", layers);
    const { ofLayers, ofStack } = readOverrides(extra, OF_CONFIG, "GRUStack.fromConfig");
    const made: StackLayer[] = [];
    // Unlike `map`, this loop visits holes, and refuses the first one.
    for (const layer of layers) made.push(layerOfConfig(layer, ofLayers, `config.layers[${made.length}]`));
    if (typeof trainable !== "boolean") throw expected("ERR_ARGUMENT", "config.trainable", "true or false", trainable);
    return { layers: made, args: { ...own, ...ofStack }, trainable };
  });
}

function layerOfConfig(serialized: unknown, extra: Config, argument: string): StackLayer {
  const name = isRecord(serialized) ? serialized.class_name : undefined;
  if (name === "Bidirectional") return Bidirectional.fromConfig(serialized as never, extra);
  if (name !== "GRU" && name !== "CuDNNGRU") {
    throw expected("ERR_ARGUMENT", argument, "a serialized GRU or Bidirectional ({ class_name, config })", serialized);
  }
  const { build_config: _, ...layer } = serialized as Config;
  const gru = GRU.fromConfig(layer, extra);
  const shape = builtShape(serialized);
  if (shape !== null) gru.build(shape);
  return gru;
}

function readOverrides(
  extra: unknown,
  known: ReadonlySet<string>,
  owner: string,
): { ofLayers: Config; ofStack: Config } {
  const given = extra === undefined ? {} : readRecord(extra, known, owner);
  const pick = (names: readonly string[]) =>
    Object.fromEntries(names.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]));
  return { ofLayers: pick(OF_LAYERS), ofStack: pick(OF_STACK) };
}

/** The arguments of `GRUStack.fromKeras` after they were read. */
export interface StackKerasArguments {
  /** `null` when the caller has named none. */
  readonly names: readonly string[] | null;
  /** The arguments of each layer. */
  readonly extra: Config;
  /** The arguments of the stack itself. */
  readonly args: Config;
}

/** Reads the arguments of `GRUStack.fromKeras`. Throws `ERR_ARGUMENT`. */
export function readStackKerasArguments(given: unknown): StackKerasArguments {
  if (given !== undefined && given !== null && !isRecord(given)) {
    throw expected("ERR_ARGUMENT", "arguments of fromKeras", 'an object { layers: ["a", "b"], ... }', given);
  }
  const { layers, ...others } = { ...(given as Config | null | undefined) };
  if ("layer" in others && layers === undefined) {
    const remedy = 'A stack names all of its layers: { layers: ["a", "b"] }.';
    throw expected("ERR_ARGUMENT", "arguments of fromKeras", "`layers`", others, { remedy });
  }
  const { ofLayers, ofStack } = readOverrides(others, OF_KERAS, "GRUStack.fromKeras");
  const names = layers === undefined || layers === null ? null : namesOf(layers);
  return { names, extra: ofLayers, args: ofStack };
}

function namesOf(value: unknown): string[] {
  const isName = (item: unknown) => typeof item === "string" && item !== "";
  if (!Array.isArray(value) || value.length === 0 || !everyItem(value, isName)) {
    throw expected("ERR_ARGUMENT", "layers", "an array of names of layers", value);
  }
  return [...(value as string[])];
}

/** Returns the error of naming no layers, which lists those of the file. Rejects with the errors of `readKerasWrappers`. */
async function noNames(source: Source): Promise<GRUError> {
  const list = await listWrappers(source);
  const wanted =
    list === ""
      ? `the names of layers, of which ${source.shown} has none for a stack,`
      : `the names of the layers of the stack (${source.shown} has: ${list})`;
  return expectedText("ERR_ARGUMENT", "layers", wanted, "none", { remedy: 'Pass { layers: ["a", "b"] }.' });
}

/**
 * Reads the layers of a file that `names` name. Their own `return_state` is not that of the stack, so it is left out.
 * Rejects with the errors of `readKerasWrappers`.
 */
export async function layersOfFile(
  source: Source,
  names: readonly string[] | null,
  extra: Config,
): Promise<{ layers: StackLayer[]; weights: WeightsFile[] }> {
  if (names === null) throw await noNames(source);
  const wanted = names.map((name, index) => ({ name, kind: "any" as const, argument: `layers[${index}]` }));
  const files = await readWrappers(source, wanted);
  return reading("fromKeras", () => {
    const made = files.map((file) => layerOfFile(file, { ...extra, return_state: false }, source));
    const last = compositeOf(made.at(-1)?.layer)?.stages[0];
    if (last !== undefined && outputWidths(last).length > 1) {
      const received = `"${last.name}" in ${source.shown}, which has merge_mode: null`;
      throw expectedText("ERR_ARGUMENT", "layers", "a last layer with one output", received, {
        remedy: "Make the layers by themselves, and new GRUStack([...]) of them.",
      });
    }
    return { layers: made.map(({ layer }) => layer), weights: made.flatMap(({ weights }) => weights) };
  });
}

function layerOfFile(
  file: WrapperFile,
  extra: Config,
  source: Source,
): { layer: StackLayer; weights: readonly WeightsFile[] } {
  if (file.kind === "gru") {
    const layer = new GRU(layerArguments(file.gru.config, extra) as never) as GRU;
    return { layer, weights: [{ file: file.gru, source }] };
  }
  const read = bidirectionalFile(file, source);
  const { own, forward, backward } = argumentsOfBidirectional(read, extra);
  const layer = new Bidirectional({
    ...own,
    layer: new GRU(forward as never),
    backward_layer: backward === null ? null : new GRU(backward as never),
  } as never) as unknown as Bidirectional;
  return { layer, weights: read.weights };
}
