import { isLegacyVersion } from "../keras/legacy_config.js";
import { fileError } from "./file_errors.js";
import { FILE_KIND_BYTES, fileKind } from "./file_kind.js";
import { type Hdf5Handle, type OpenHdf5, withHdf5Thread } from "./hdf5/open_hdf5.js";
import type { Hdf5Outline } from "./hdf5/outline.js";
import { parseJson } from "./json.js";
import { listLayers } from "./keras_files/config_tree.js";
import { readArchive } from "./keras_files/keras_archive.js";
import { keras1Requests } from "./keras_files/keras1_weights.js";
import { legacyCell } from "./keras_files/legacy_weights.js";
import type { LayerRequest, ModelWithConfig, WeightsOnly } from "./keras_files/model_contents.js";
import { legacyLayers, weightLayers } from "./keras_files/stored_layers.js";
import { type OpenFile, withFile } from "./open_file.js";
import { openSafetensors } from "./safetensors/keras_gru_tensors.js";
import type { Source } from "./source.js";

/**
 * Opens the model file `source`, passes it to `use`, and closes it again. It may be a `.keras` archive, Keras 3's
 * `.weights.h5`, an `.h5` file of any version, or a safetensors file.
 *
 * @throws GRUError `ERR_ARGUMENT` if there is no readable file; `ERR_FILE_FORMAT` if it is of another kind, or damaged.
 */
export async function withModelFile<T>(
  source: Source,
  use: (model: ModelWithConfig | WeightsOnly) => Promise<T>,
): Promise<T> {
  return withFile(source, async (file) => {
    const head = new Uint8Array(Math.min(FILE_KIND_BYTES, file.size));
    await file.read(head, 0, head.length, 0);
    const { kind, description } = fileKind(head);
    if (kind === "zip") return withHdf5Thread(async (open) => use(await openArchive(file, open)));
    if (kind === "hdf5") {
      return withHdf5Thread(async (open) => use(await openHdf5File(open(await file.readWhole()))));
    }
    if (kind === "safetensors") return use(openSafetensors(await file.readWhole()));
    const shards = source.shown.endsWith('.weights.json"') ? " (weights in several shards: save them in one file)" : "";
    throw fileError(
      `expected a zip archive (.keras), an HDF5 file (.h5) or a safetensors file but found ${description}${shards}`,
    );
  });
}

async function openArchive(file: OpenFile, open: OpenHdf5): Promise<ModelWithConfig> {
  const { kerasVersion, config, storedWeights: stored, readWeights } = await readArchive(file);
  let opened: Promise<Hdf5Handle> | undefined;
  const weights = () => {
    opened ??= readWeights().then((bytes) => open(bytes, { stored }));
    return opened;
  };
  return {
    kind: "model",
    legacy: isLegacyVersion(kerasVersion),
    layers: listLayers(config),
    read: async (requests) => {
      const handle = await weights();
      return oneByOne(requests, ({ layer: { group, name }, variables }) =>
        handle.variables({ group: `${group}/cell`, named: { group, name }, variables }),
      );
    },
    withWeights: async (use) => {
      const handle = await weights();
      return use(weightsOnly(await handle.outline(), handle));
    },
  };
}

async function openHdf5File(handle: Hdf5Handle): Promise<ModelWithConfig | WeightsOnly> {
  const outline = await handle.outline();
  if (outline.kind === "weights" || outline.modelConfig === undefined) return weightsOnly(outline, handle);
  const layers = listLayers(parseJson("model_config", outline.modelConfig));
  return {
    kind: "model",
    legacy: isLegacyVersion(outline.kerasVersion),
    layers,
    read: (requests) =>
      oneByOne(requests, ({ layer, variables }) => {
        const { variables: found } = legacyCell(layer, layers, outline.layers);
        const wanted = keras1Requests(variables, found.length);
        if (found.length !== wanted.length) {
          const expected = variables.map(({ label }) => label).join(", ");
          throw fileError(
            `expected ${variables.length} arrays (${expected}) of layer ${layer.label} but found ${found.length}`,
          );
        }
        return handle.variables({ datasets: wanted.map((request, index) => ({ ...found[index]!, ...request })) });
      }),
  };
}

/** Asks for one layer after the other. A file answers one question at a time. */
async function oneByOne<T>(
  requests: readonly LayerRequest[],
  ask: (request: LayerRequest) => Promise<T>,
): Promise<T[]> {
  const answers: T[] = [];
  for (const request of requests) answers.push(await ask(request));
  return answers;
}

function weightsOnly(outline: Hdf5Outline, handle: Hdf5Handle): WeightsOnly {
  return {
    kind: "weights",
    layers: outline.kind === "weights" ? weightLayers(outline.cells) : legacyLayers(outline.layers),
    read: ({ cell }) => handle.variables({ datasets: labelled(cell.variables) }),
  };
}

const LABELS = ["kernel", "recurrent_kernel", "bias"];

/** Adds the labels of the variables. A file of Keras 1 may have one of each for every gate. */
function labelled<T>(variables: readonly T[]): (T & { label: string })[] {
  return variables.map((variable, index) => ({ ...variable, label: LABELS[index % LABELS.length]! }));
}
