import { expectedText } from "../../errors/messages.js";
import { writeAtomically } from "../../formats/atomic_write.js";
import { inFile } from "../../formats/file_errors.js";
import { encodeKerasArchive, type ModelToWrite } from "../../formats/keras_files/archive_writer.js";
import { encodeWeightGroups, type WeightGroup } from "../../formats/keras_files/weight_groups.js";
import { encodeSafetensors } from "../../formats/safetensors/safetensors.js";
import { type FileSource, readSource } from "../../formats/source.js";
import { type WholeModelFile, withWholeModel } from "../../formats/whole_model.js";
import type { ModelLayer } from "../layers/model_layer.js";
import { readModel } from "../load_keras_model.js";
import { kerasConfig, withModernClasses } from "./keras_config.js";
import { modernModel } from "./keras2/modern_model.js";
import { modernGroups } from "./keras2/modern_weights.js";
import { namedTensors, weightGroups } from "./weights.js";

/** The formats that models are converted to. */
export const CONVERTED_FORMATS = [".keras", ".weights.h5", ".safetensors"] as const;

/** A format that models are converted to. */
export type ConvertedFormat = (typeof CONVERTED_FORMATS)[number];

/** A model that was converted. */
export interface Converted {
  readonly format: ConvertedFormat;
  /** The numbers of layers with weights, and of weights. */
  readonly layers: number;
  readonly weights: number;
  /** The bytes of the file. */
  readonly bytes: number;
}

/** Returns the format that the end of a path says. Throws `ERR_ARGUMENT`. */
export function convertedFormat(path: string): ConvertedFormat {
  const format = CONVERTED_FORMATS.find((end) => path.toLowerCase().endsWith(end));
  if (format !== undefined) return format;
  throw expectedText(
    "ERR_ARGUMENT",
    "OUT",
    `a path that ends in ${CONVERTED_FORMATS.join(", ")}`,
    JSON.stringify(path),
  );
}

/**
 * Writes the whole model in `source` to a file of Keras 3, or its weights to a file of weights. The model must be one that
 * this package computes.
 *
 * Rejects with the errors of `loadKerasModel` and of writing files, and with `ERR_UNSUPPORTED` for layers that Keras 3 does
 * not have.
 */
export async function convertModel(source: FileSource, target: string, overwrite: boolean): Promise<Converted> {
  const format = convertedFormat(target);
  const file = readSource(source);
  const { parts, layers, weights } = await inFile(file, () =>
    withWholeModel(file, async (whole) => {
      const config = whole.legacy ? withModernClasses(whole.config) : whole.config;
      const model = await readModel({ ...whole, config }, new Map());
      try {
        const slots = model.all().map((layer) => layer.slots.length);
        const counts = { layers: slots.filter((count) => count > 0).length, weights: slots.reduce((a, b) => a + b, 0) };
        if (format === ".safetensors") return { parts: encodeSafetensors(namedTensors(model)), ...counts };
        if (format === ".weights.h5") return { parts: encodeWeightGroups(groupsOf(whole, model)), ...counts };
        return { parts: await encodeKerasArchive(modelToWrite(whole, model)), ...counts };
      } finally {
        model.dispose();
      }
    }),
  );
  await writeAtomically(target, parts, { overwrite });
  return { format, layers, weights, bytes: parts.reduce((sum, { length }) => sum + length, 0) };
}

/** Groups have the names of Keras 3's classes, of which CuDNNGRU is none. Otherwise no config need be written. */
function groupsOf(whole: WholeModelFile, model: ModelLayer): readonly WeightGroup[] {
  const isModern = model.all().every(({ entry }) => entry.className !== "CuDNNGRU");
  return isModern ? weightGroups(model) : modelToWrite(whole, model).groups;
}

function modelToWrite(whole: WholeModelFile, model: ModelLayer): ModelToWrite {
  if (!whole.legacy) return { config: kerasConfig(whole, model), groups: weightGroups(model) };
  const config = modernModel(model);
  return { config, groups: modernGroups(model, config) };
}
