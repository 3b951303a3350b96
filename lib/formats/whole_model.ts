import { isLegacyVersion } from "../keras/legacy_config.js";
import { fileError } from "./file_errors.js";
import { FILE_KIND_BYTES, fileKind } from "./file_kind.js";
import type { StoredVariable } from "./hdf5/dataset.js";
import type { LegacyArray, LegacyArrays } from "./hdf5/legacy_arrays.js";
import { type Hdf5Handle, withHdf5 } from "./hdf5/open_hdf5.js";
import type { DatasetRequest, GroupRequest } from "./hdf5/reader.js";
import { parseJson } from "./json.js";
import { readArchive } from "./keras_files/keras_archive.js";
import { expansionLimit, formatBytes } from "./limits.js";
import { type OpenFile, withFile } from "./open_file.js";
import type { Source } from "./source.js";

/** The weights of a whole model: in groups that follow the containers of the model, or in one list for each layer. */
export type ModelWeights =
  | {
      readonly layout: "groups";
      /** Reads the variables of one layer, which `group` contains as `<group>/vars/0`, `/1`, …, or arrays by their paths. */
      read(request: GroupRequest | DatasetRequest): Promise<StoredVariable[]>;
      /** Lists all arrays of a layer, by its group. */
      list(group: string): Promise<LegacyArray[]>;
    }
  | {
      readonly layout: "lists";
      /** The arrays of each top-level layer, the trainable ones first. */
      readonly lists: readonly LegacyArrays[];
      /** Reads arrays by their paths. */
      read(request: DatasetRequest): Promise<StoredVariable[]>;
    };

/** A whole model in a file, which is open. */
export interface WholeModelFile {
  /** The serialized model. */
  readonly config: unknown;
  /** True when Keras 1, Keras 2 or tf.keras 2 wrote it. */
  readonly legacy: boolean;
  readonly weights: ModelWeights;
}

/**
 * Opens a `.keras` file or a whole-model `.h5` file, passes it to `use`, and closes it again.
 *
 * @throws GRUError `ERR_ARGUMENT` if there is no readable file; `ERR_FILE_FORMAT` if it is of another kind, has weights
 * only, or is damaged.
 */
export async function withWholeModel<T>(source: Source, use: (file: WholeModelFile) => Promise<T>): Promise<T> {
  return withFile(source, async (file) => {
    const head = new Uint8Array(Math.min(FILE_KIND_BYTES, file.size));
    await file.read(head, 0, head.length, 0);
    const { kind, description } = fileKind(head);
    if (kind === "zip") return inArchive(file, use);
    if (kind === "hdf5") return withHdf5(await file.readWhole(), async (handle) => use(await legacyFile(handle, file)));
    throw fileError(`expected a zip archive (.keras) or an HDF5 file (.h5) but found ${description}`);
  });
}

async function inArchive<T>(file: OpenFile, use: (model: WholeModelFile) => Promise<T>): Promise<T> {
  const { kerasVersion, config, storedWeights: stored, readWeights } = await readArchive(file);
  const total = sizeCheck(stored);
  return withHdf5(
    await readWeights(),
    (handle) =>
      use({
        config,
        legacy: isLegacyVersion(kerasVersion),
        weights: {
          layout: "groups",
          read: async (request) => total(await handle.variables(request)),
          list: (group) => handle.list(group),
        },
      }),
    { stored },
  );
}

async function legacyFile(handle: Hdf5Handle, { size }: OpenFile): Promise<WholeModelFile> {
  const { kerasVersion, modelConfig, layers } = await handle.legacyModel();
  if (modelConfig === undefined) {
    throw fileError("expected a whole model but found weights only: save the model with model.save(path)");
  }
  const total = sizeCheck(size);
  return {
    config: parseJson("model_config", modelConfig),
    legacy: isLegacyVersion(kerasVersion),
    weights: { layout: "lists", lists: layers, read: async (request) => total(await handle.variables(request)) },
  };
}

/** Returns a function that adds up the bytes of all arrays that were read, and refuses more than an honest file has. */
function sizeCheck(stored: number): (variables: StoredVariable[]) => StoredVariable[] {
  const limit = expansionLimit(stored);
  let bytes = 0;
  return (variables) => {
    for (const { data } of variables) bytes += data.byteLength;
    if (bytes <= limit) return variables;
    throw fileError(`expected its weights to have at most ${formatBytes(limit)} in all but found more`);
  };
}
