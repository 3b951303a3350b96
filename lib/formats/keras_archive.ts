import { type FileHandle, open, stat } from "node:fs/promises";
import { GRUError } from "../errors.js";
import { MAX_CONFIG_BYTES, MAX_JSON_DEPTH, MAX_METADATA_BYTES, MAX_WEIGHTS_BYTES } from "./limits.js";
import { fileProblem, quotedList } from "./problem.js";
import { SNIFF_BYTES, sniff } from "./sniff.js";
import { ZipArchive } from "./zip.js";

/** The parts of a Keras 3 `.keras` file. */
export interface KerasArchive {
  /** Keras version that wrote it, such as `"3.15.1"`. */
  kerasVersion: string;
  /** The serialised model, `config.json`. */
  config: unknown;
  /** Reads `model.weights.h5` whole; to be called while the file is open. */
  readWeights(): Promise<Uint8Array<ArrayBuffer>>;
}

const CONFIG = "config.json";
const METADATA = "metadata.json";
const WEIGHTS = "model.weights.h5";

/** What other tools and options of Keras leave in the place of `model.weights.h5`. */
const OTHER_WEIGHTS: Readonly<Record<string, string>> = {
  "model.weights.npz": "weights as a NumPy archive (model.weights.npz)",
  "model.weights.json": "weights in several shards (model.weights.json)",
};

/**
 * Opens the `.keras` file at `path`, passes its parts to `use`, and closes it again.
 *
 * @throws GRUError `ERR_ARGUMENT` if there is no readable file at `path`; `ERR_FILE_FORMAT` if it is not a whole
 *   Keras 3 `.keras` file; `ERR_UNSUPPORTED` if it is an HDF5 file (`.h5`, `.weights.h5`).
 */
export async function withKerasArchive<T>(path: string, use: (archive: KerasArchive) => Promise<T>): Promise<T> {
  const { file, size } = await openFile(path);
  try {
    return await use(await readArchive(file, size));
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<{ file: FileHandle; size: number }> {
  let file: FileHandle | undefined;
  try {
    // Opening a FIFO would wait for a writer, so the kind of file is asked for first.
    const { isFile, size } = await stat(path).then((stats) => ({ isFile: stats.isFile(), size: stats.size }));
    if (!isFile) throw Object.assign(new Error("not a regular file"), { code: "not a regular file" });
    file = await open(path, "r");
    return { file, size };
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
    const message = `Expected the path of a Keras model file for \`path\` but received ${JSON.stringify(path)} (${reason})`;
    throw new GRUError("ERR_ARGUMENT", message, { cause });
  }
}

async function readArchive(file: FileHandle, size: number): Promise<KerasArchive> {
  const head = new Uint8Array(Math.min(SNIFF_BYTES, size));
  await file.read(head, 0, head.length, 0);
  const { kind, description } = sniff(head);
  if (kind === "hdf5") {
    const advice = "save the model with model.save('model.keras')";
    throw new GRUError(
      "ERR_UNSUPPORTED",
      `found ${description}; .h5 and .weights.h5 files are not read yet: ${advice}`,
    );
  }
  if (kind !== "zip") throw fileProblem(`expected a zip archive (.keras) but found ${description}`);

  const zip = await ZipArchive.open(file, size);
  for (const name of [CONFIG, METADATA]) {
    if (!zip.has(name)) {
      throw fileProblem(
        `expected a zip archive with ${name} but found these entries: ${quotedList(zip.names) || "none"}`,
      );
    }
  }
  const metadata = parseJson(METADATA, await zip.read(METADATA, MAX_METADATA_BYTES));
  const kerasVersion = checkVersion(metadata);
  const config = parseJson(CONFIG, await zip.read(CONFIG, MAX_CONFIG_BYTES));
  if (!zip.has(WEIGHTS)) {
    const other = Object.keys(OTHER_WEIGHTS).find((name) => zip.has(name));
    const found = other ? OTHER_WEIGHTS[other] : `these entries: ${quotedList(zip.names)}`;
    throw fileProblem(`expected its weights in one HDF5 file (${WEIGHTS}) but found ${found}`);
  }
  return { kerasVersion, config, readWeights: () => zip.read(WEIGHTS, MAX_WEIGHTS_BYTES) };
}

function parseJson(name: string, bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw fileProblem(`expected JSON in ${name} but found something else: ${(cause as Error).message}`, cause);
  }
  checkDepth(name, value);
  return value;
}

/** Refuses nesting that would overflow the stack of functions that walk the value; the parser itself has no limit. */
function checkDepth(name: string, value: unknown): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_JSON_DEPTH) {
      throw fileProblem(`expected ${name} nested at most ${MAX_JSON_DEPTH} levels deep but found more`);
    }
    const inner: unknown[] = [];
    for (const node of level) {
      if (typeof node !== "object" || node === null) continue;
      for (const child of Object.values(node)) inner.push(child);
    }
    level = inner;
  }
}

function checkVersion(metadata: unknown): string {
  const version = (metadata as { keras_version?: unknown } | null)?.keras_version;
  if (typeof version !== "string" || !/^\d+\./.test(version)) {
    throw fileProblem(`expected keras_version in ${METADATA} but found ${JSON.stringify(version)}`);
  }
  if (!version.startsWith("3.")) throw fileProblem(`expected a file of Keras 3 but found one of Keras ${version}`);
  return version;
}
