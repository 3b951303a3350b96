import { fileError, quotedList } from "../file_errors.js";
import { parseJson, utf8 } from "../json.js";
import { MAX_CONFIG_BYTES, MAX_METADATA_BYTES, MAX_WEIGHTS_BYTES } from "../limits.js";
import type { OpenFile } from "../open_file.js";
import { ZipArchive } from "../zip.js";

/** The parts of a `.keras` file of Keras 3, or of Keras 2.12 and later. */
export interface KerasArchive {
  /** The Keras version that wrote the file, such as `"3.15.1"`. */
  kerasVersion: string;
  /** The serialized model, `config.json`. */
  config: unknown;
  /** The number of bytes that `model.weights.h5` takes in the archive. */
  storedWeights: number;
  /** Reads `model.weights.h5` completely. Call it while the file is open. */
  readWeights(): Promise<Uint8Array<ArrayBuffer>>;
}

/** The names of the files in a `.keras` archive. */
export const CONFIG = "config.json";
export const METADATA = "metadata.json";
export const WEIGHTS = "model.weights.h5";

/** Files that other tools and options of Keras write instead of `model.weights.h5`. */
const OTHER_WEIGHTS: Readonly<Record<string, string>> = {
  "model.weights.npz": "weights as a NumPy archive (model.weights.npz)",
  "model.weights.json": "weights in several shards (model.weights.json)",
};

/**
 * Reads the parts of the `.keras` file `file`. The caller closes it.
 *
 * @throws GRUError `ERR_FILE_FORMAT` if it is not a complete `.keras` file.
 */
export async function readArchive(file: OpenFile): Promise<KerasArchive> {
  const zip = await ZipArchive.open(file);
  for (const name of [CONFIG, METADATA]) {
    if (!zip.has(name)) {
      throw fileError(
        `expected a zip archive with ${name} but found these entries: ${quotedList(zip.names) || "none"}`,
      );
    }
  }
  const metadata = parseJson(METADATA, utf8(METADATA, await zip.read(METADATA, MAX_METADATA_BYTES)));
  const kerasVersion = checkVersion(metadata);
  const config = parseJson(CONFIG, utf8(CONFIG, await zip.read(CONFIG, MAX_CONFIG_BYTES)));
  if (!zip.has(WEIGHTS)) {
    const other = Object.keys(OTHER_WEIGHTS).find((name) => zip.has(name));
    const found = other ? OTHER_WEIGHTS[other] : `these entries: ${quotedList(zip.names)}`;
    throw fileError(`expected its weights in one HDF5 file (${WEIGHTS}) but found ${found}`);
  }
  return {
    kerasVersion,
    config,
    storedWeights: zip.storedBytes(WEIGHTS),
    readWeights: () => zip.read(WEIGHTS, MAX_WEIGHTS_BYTES),
  };
}

function checkVersion(metadata: unknown): string {
  const version = (metadata as { keras_version?: unknown } | null)?.keras_version;
  if (typeof version !== "string" || !/^\d+\./.test(version)) {
    throw fileError(`expected keras_version in ${METADATA} but found ${JSON.stringify(version)}`);
  }
  if (!/^[23]\./.test(version)) throw fileError(`expected a file of Keras 2 or 3 but found one of Keras ${version}`);
  return version;
}
