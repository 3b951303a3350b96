import { writeAtomically } from "./atomic_write.js";
import { readWhole, withFile } from "./file.js";
import { inFile } from "./problem.js";
import { decodeSafetensors, encodeSafetensors, type SafetensorsContents } from "./safetensors.js";

const KIND = "safetensors file";

/**
 * Reads the safetensors file at `path`.
 *
 * @throws GRUError `ERR_ARGUMENT` if there is no readable file at `path`; `ERR_FILE_FORMAT` as `decodeSafetensors`.
 */
export function readSafetensors(path: string): Promise<SafetensorsContents> {
  const read = () => withFile(path, async (file, size) => decodeSafetensors(await readWhole(file, size)), `a ${KIND}`);
  return inFile(path, read, KIND);
}

/** Writes a safetensors file to `path`: all of it or nothing. Throws as `encodeSafetensors` and `writeAtomically`. */
export async function writeSafetensors(path: string, ...contents: Parameters<typeof encodeSafetensors>): Promise<void> {
  await writeAtomically(path, encodeSafetensors(...contents));
}
