import type * as tfjs from "@tensorflow/tfjs";
import { expected, expectedText } from "../../../errors/messages.js";
import { inFile } from "../../../formats/file_errors.js";
import { type FileSource, readSource, type Source } from "../../../formats/source.js";
import { readRecord } from "../../../options/record.js";
import { loadArtifacts } from "./load.js";
import { saveArtifacts } from "./save.js";

/** The options of {@link kerasFile}. */
export interface KerasFileOptions {
  /**
   * `"float32"` also loads models with layers of other dtypes, as models of float32. Without it such models are refused,
   * since tfjs computes in float32 alone.
   */
  dtype?: "float32" | undefined;
}

const KNOWN = new Set(["dtype"]);

/**
 * Reads and writes whole models of Keras, for `tf.loadLayersModel` and `model.save`.
 *
 * @param source to load, the path, the `file:` URL or the bytes of a `.keras` file of Keras 3 or tf.keras 2.12 and later, or
 * of a whole-model `.h5` file; to save, the path or the `file:` URL of a `.keras` file, which is written whole or not at all.
 * @throws GRUError `ERR_ARGUMENT` for other arguments. Loading and saving reject with `ERR_ARGUMENT` for a file that cannot
 * be read or written, with `ERR_FILE_FORMAT` for a damaged one, and with `ERR_UNSUPPORTED` for a layer that tfjs and Keras
 * do not compute alike, which the message names.
 */
export function kerasFile(source: FileSource, options: KerasFileOptions = {}): tfjs.io.IOHandler {
  const read = readSource(source);
  const { dtype } = readRecord(options, KNOWN, "kerasFile");
  if (dtype !== undefined && dtype !== "float32") throw expected("ERR_ARGUMENT", "dtype", '"float32"', dtype);
  return {
    load: () => inFile(read, () => loadArtifacts(read, dtype === "float32")),
    save: async (artifacts) => saveArtifacts(kerasPath(read.file), artifacts),
  };
}

/** Returns the path of a `.keras` file. */
function kerasPath(file: Source["file"]): string {
  if ("path" in file && file.path.endsWith(".keras")) return file.path;
  const received = "path" in file ? JSON.stringify(file.path) : "bytes";
  throw expectedText("ERR_ARGUMENT", "source", "a path that ends in .keras, to save a model", received);
}
