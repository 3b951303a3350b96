import { mkdir } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import type * as tfjs from "@tensorflow/tfjs";
import { expected } from "../../errors/messages.js";
import { writeAtomically } from "../../formats/atomic_write.js";
import { fileError, inFile } from "../../formats/file_errors.js";
import { parseJson, utf8 } from "../../formats/json.js";
import { withFile } from "../../formats/open_file.js";
import { readSource, Source } from "../../formats/source.js";
import { tf } from "./load_tfjs.js";

type ModelJSON = tfjs.io.ModelJSON;
type Manifest = tfjs.io.WeightsManifestConfig;

const KIND = "tfjs model";
const MODEL = "model.json";
const WEIGHTS = "weights.bin";

/**
 * Reads and writes models on disk, for `tf.loadLayersModel` and `model.save`. tfjs itself can do so only with
 * `@tensorflow/tfjs-node`.
 *
 * @param source a path or a `file:` URL: to load, of a `model.json`; to save, of a folder. The folder is made, and gets
 * a complete `model.json` and `weights.bin` or none.
 * @throws GRUError `ERR_ARGUMENT` if `source` is neither. Loading and saving reject with `ERR_ARGUMENT` for a file that
 * cannot be read or written, and with `ERR_FILE_FORMAT` for files that are not a complete model.
 */
export function fileSystem(source: string | URL): tfjs.io.IOHandler {
  const read = readSource(source, "a model.json or a folder");
  const { file } = read;
  // A model consists of several files, so bytes cannot be one.
  if (!("path" in file)) throw expected("ERR_ARGUMENT", "source", "the path or file: URL of a model.json", source);
  return { load: () => inFile(read, () => load(file.path), KIND), save: (artifacts) => save(file.path, artifacts) };
}

async function load(path: string): Promise<tfjs.io.ModelArtifacts> {
  const json = parseJson(MODEL, utf8(MODEL, await read(path))) as Partial<ModelJSON> | null;
  const manifest: unknown = json?.weightsManifest;
  if (typeof json !== "object" || json?.modelTopology === undefined || !Array.isArray(manifest)) {
    throw fileError(`expected a ${MODEL} with modelTopology and weightsManifest but found another JSON text`);
  }
  return tf.io.getModelArtifactsForJSON(json as ModelJSON, () => loadWeights(dirname(path), manifest));
}

async function read(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return withFile(new Source({ path }), (file) => file.readWhole(), `a ${KIND}'s file`);
}

async function loadWeights(
  folder: string,
  manifest: unknown[],
): Promise<[tfjs.io.WeightsManifestEntry[], ArrayBuffer]> {
  const specs: tfjs.io.WeightsManifestEntry[] = [];
  const shards: Uint8Array[] = [];
  for (const group of manifest as Partial<Manifest[number]>[]) {
    const { paths, weights } = group ?? {};
    if (!Array.isArray(paths) || !Array.isArray(weights)) {
      throw fileError("expected paths and weights in every group of weightsManifest but found none");
    }
    specs.push(...weights);
    const before = shards.reduce((sum, { length }) => sum + length, 0);
    for (const name of paths) shards.push(await read(shardPath(folder, name)));
    const found = shards.reduce((sum, { length }) => sum + length, 0) - before;
    const wanted = weights.reduce((sum, weight) => sum + bytesOf(weight), 0);
    // The sum is NaN when texts are among the weights, since only the texts themselves tell their length.
    if (wanted !== found && !Number.isNaN(wanted)) {
      throw fileError(`expected ${wanted} bytes of weights in ${paths.join(", ")} but found ${found}`);
    }
  }
  const data = new Uint8Array(shards.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const shard of shards) {
    data.set(shard, filled);
    filled += shard.length;
  }
  return [specs, data.buffer];
}

function shardPath(folder: string, name: unknown): string {
  const inside = typeof name === "string" && !isAbsolute(name) && !name.split(/[/\\]/).includes("..");
  if (!inside || name.includes("\0")) {
    throw fileError(`expected paths below the model's folder but found ${JSON.stringify(name)}`);
  }
  return join(folder, name);
}

const ITEM_BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  complex64: 8,
  float16: 2,
  uint16: 2,
  uint8: 1,
};

/** Returns the number of bytes of a weight, or NaN for texts. */
function bytesOf(weight: tfjs.io.WeightsManifestEntry): number {
  const { shape, dtype, quantization } = weight ?? {};
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw fileError(`expected sizes in the shape of ${weight?.name} but found ${JSON.stringify(shape)}`);
  }
  return tf.util.sizeFromShape(shape) * (ITEM_BYTES[quantization?.dtype ?? dtype] ?? Number.NaN);
}

async function save(folder: string, artifacts: tfjs.io.ModelArtifacts): Promise<tfjs.io.SaveResult> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    // The first write reports the error.
    if ((cause as NodeJS.ErrnoException).code === undefined) throw cause;
  }
  const { weightSpecs = [], weightData, ...rest } = artifacts;
  const json = { ...rest, weightsManifest: [{ paths: [WEIGHTS], weights: weightSpecs }] };
  await writeAtomically(join(folder, WEIGHTS), [new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData))]);
  await writeAtomically(join(folder, MODEL), [Buffer.from(JSON.stringify(json))]);
  return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
}
