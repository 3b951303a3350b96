import { encodeZip } from "../zip_writer.js";
import { CONFIG, METADATA, WEIGHTS } from "./keras_archive.js";
import { encodeWeightGroups, type WeightGroup } from "./weight_groups.js";

/** A whole model to write. */
export interface ModelToWrite {
  /**
   * The serialized model as Keras 3 writes it into `config.json`: `module`, `class_name`, `config` and
   * `registered_name`.
   */
  readonly config: object;
  /** The variables of all its layers. A layer without variables needs no group. */
  readonly groups: readonly WeightGroup[];
}

/** The version of Keras whose format is written. */
const KERAS_VERSION = "3.15.1";

/**
 * Returns the `.keras` file of Keras 3 with `model`, in parts to be written one after the other. They share the memory of
 * the weights.
 *
 * @throws GRUError `ERR_UNSUPPORTED` if the file would have 4 GiB or more.
 */
export async function encodeKerasArchive({ config, groups }: ModelToWrite, date = new Date()): Promise<Uint8Array[]> {
  const metadata = { keras_version: KERAS_VERSION, date_saved: dateSaved(date) };
  return encodeZip(
    [
      { name: METADATA, parts: [Buffer.from(JSON.stringify(metadata))] },
      { name: CONFIG, parts: [Buffer.from(JSON.stringify(config))] },
      { name: WEIGHTS, parts: encodeWeightGroups(groups) },
    ],
    date,
  );
}

/** Returns the time as Keras writes it, such as `2026-11-26@12:34:56`. */
function dateSaved(date: Date): string {
  return date.toISOString().slice(0, 19).replace("T", "@");
}
