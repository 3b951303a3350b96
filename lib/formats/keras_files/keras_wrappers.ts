import { inFile } from "../file_errors.js";
import { withModelFile } from "../model_file.js";
import { type FileSource, readSource, type Source } from "../source.js";
import type { ConfigLayer, NamedLayer } from "./config_tree.js";
import { type Pair, pairsOf } from "./halves.js";
import {
  type KerasLayerFile,
  type KerasLayerWeights,
  noGru,
  readLayers,
  readStoredLayer,
  weightsOnly,
} from "./keras_gru.js";
import type { ModelWithConfig, WeightsOnly } from "./model_contents.js";
import { labels, selectLayer } from "./select_layer.js";

/** The weights of a Bidirectional of two GRUs, or of a GRU alone, in a Keras model file. */
export type WrapperWeights =
  | { readonly kind: "gru"; readonly gru: KerasLayerWeights }
  | { readonly kind: "bidirectional"; readonly forward: KerasLayerWeights; readonly backward: KerasLayerWeights };

/** A GRU or a Bidirectional of two GRUs, read from a Keras model file. */
export type WrapperFile =
  | { readonly kind: "gru"; readonly gru: KerasLayerFile }
  | {
      readonly kind: "bidirectional";
      /** The config of the Bidirectional without its layers, in any version's form. */
      readonly config: Record<string, unknown>;
      readonly forward: KerasLayerFile;
      readonly backward: KerasLayerFile;
    };

/** A layer to read: its name, and the kind that it must have. */
export interface WantedLayer {
  /** The name, path or group, as for `readKerasGru`. It may be left out when there is one layer of the kind. */
  readonly name?: string | undefined;
  /** `"any"` takes a GRU or a Bidirectional. */
  readonly kind: "gru" | "bidirectional" | "any";
  /** The argument that names the layer, for messages. */
  readonly argument: string;
}

const KINDS = { gru: "GRU", bidirectional: "Bidirectional GRU", any: "GRU or Bidirectional GRU" } as const;

/** A layer that can be chosen: a GRU, or the halves of a Bidirectional. */
type Candidate<T extends NamedLayer> = NamedLayer & { readonly gru?: T; readonly pair?: Pair<T> };

/**
 * Reads the configs and the weights of layers from a `.keras` or whole-model `.h5` file, in the order of `wanted`.
 *
 * @throws GRUError the errors of `readKerasGru`, also for a name that does not fit a layer of the wanted kind.
 */
export async function readKerasWrappers(
  file: FileSource | Source,
  wanted: readonly WantedLayer[],
  remedy: string,
): Promise<WrapperFile[]> {
  const source = readSource(file);
  return inFile(source, () =>
    withModelFile(source, async (model) => {
      if (model.kind === "weights") throw weightsOnly(source, remedy);
      return readWrappers(model, wanted, source);
    }),
  );
}

/**
 * Reads the weights of layers from a model file of any kind, in the order of `wanted`.
 *
 * @throws GRUError the errors of `readGruWeights`, also for a name that does not fit a layer of the wanted kind.
 */
export async function readWrapperWeights(
  file: FileSource | Source,
  wanted: readonly WantedLayer[],
): Promise<WrapperWeights[]> {
  const source = readSource(file);
  return inFile(source, () =>
    withModelFile<WrapperWeights[]>(source, async (model) => {
      if (model.kind === "weights") return readAllStored(model, wanted, source);
      // The config of a subclassed model does not describe its layers, but its weights do.
      if (model.layers.length === 0 && model.withWeights) {
        return model.withWeights((weights) => readAllStored(weights, wanted, source));
      }
      return readWrappers(model, wanted, source);
    }),
  );
}

/**
 * Returns the names of the layers of a file that a stack can have, for a message: its GRUs and Bidirectionals in the
 * order of the file, without the halves of those Bidirectionals.
 *
 * @throws GRUError the errors of `readKerasWrappers` about the file.
 */
export async function listKerasWrappers(file: FileSource | Source, remedy: string): Promise<string> {
  const source = readSource(file);
  return inFile(source, () =>
    withModelFile(source, async (model) => {
      if (model.kind === "weights") throw weightsOnly(source, remedy);
      const pairs = pairsOf(model.layers);
      const whole = model.layers.flatMap((layer): NamedLayer[] => {
        const pair = pairs.find(({ forward, backward }) => layer === forward || layer === backward);
        if (pair === undefined) return layer.isGru ? [layer] : [];
        return layer === pair.forward ? [pair] : [];
      });
      return labels(whole);
    }),
  );
}

function candidatesOf<T extends NamedLayer>(layers: readonly T[], kind: WantedLayer["kind"]): Candidate<T>[] {
  const grus = layers.filter(({ isGru }) => isGru).map((gru): Candidate<T> => ({ ...gru, gru }));
  const pairs = pairsOf(layers).map((pair): Candidate<T> => ({ ...pair, pair }));
  if (kind === "any") return [...pairs, ...grus];
  return kind === "gru" ? grus : pairs;
}

function select<T extends NamedLayer>(layers: readonly T[], { name, kind, argument }: WantedLayer, source: Source) {
  const candidates = candidatesOf(layers, kind);
  return selectLayer({ candidates, kind: KINDS[kind], others: layers, argument }, name, source);
}

async function readWrappers(
  model: ModelWithConfig,
  wanted: readonly WantedLayer[],
  source: Source,
): Promise<WrapperFile[]> {
  const found = wanted.map((layer) => select(model.layers, layer, source));
  const grus = found.flatMap(({ gru, pair }) => (gru === undefined ? halvesOf(pair as Pair<ConfigLayer>) : [gru]));
  const files = await readLayers(model, grus);
  return found.map(({ gru, pair }): WrapperFile => {
    const first = files.shift() as KerasLayerFile;
    if (gru !== undefined) return { kind: "gru", gru: first };
    const { layer: _, backward_layer: __, ...config } = pair?.wrapper?.config ?? {};
    return { kind: "bidirectional", config, forward: first, backward: files.shift() as KerasLayerFile };
  });
}

function halvesOf<T extends NamedLayer>({ forward, backward }: Pair<T>): [T, T] {
  return [forward, backward];
}

async function readAllStored(
  model: WeightsOnly,
  wanted: readonly WantedLayer[],
  source: Source,
): Promise<WrapperWeights[]> {
  if (model.layers.length === 0) throw noGru(source);
  const read: WrapperWeights[] = [];
  for (const { gru, pair } of wanted.map((layer) => select(model.layers, layer, source))) {
    if (gru !== undefined) read.push({ kind: "gru", gru: await readStoredLayer(model, gru) });
    else {
      const { forward, backward } = pair as Pair<WeightsOnly["layers"][0]>;
      read.push({
        kind: "bidirectional",
        forward: await readStoredLayer(model, forward),
        backward: await readStoredLayer(model, backward),
      });
    }
  }
  return read;
}
