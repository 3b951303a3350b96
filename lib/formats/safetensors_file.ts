import { writeAtomically } from "./atomic_write.js";
import { withFile } from "./file.js";
import { inFile } from "./problem.js";
import { decodeSafetensors, encodeSafetensors, type SafetensorsContents } from "./safetensors.js";
import { type FileSource, readSource, type Source } from "./source.js";

const KIND = "safetensors file";

/**
 * Reads the safetensors file `file`.
 *
 * @throws GRUError `ERR_ARGUMENT` if there is no readable file; `ERR_FILE_FORMAT` as `decodeSafetensors`.
 */
export async function readSafetensors(file: FileSource | Source): Promise<SafetensorsContents> {
  const source = readSource(file, `a ${KIND}`);
  const read = () => withFile(source, async (file) => decodeSafetensors(await file.readWhole()), `a ${KIND}`);
  return inFile(source, read, KIND);
}

/** Writes a safetensors file to `path`: all of it or nothing. Throws as `encodeSafetensors` and `writeAtomically`. */
export async function writeSafetensors(path: string, ...contents: Parameters<typeof encodeSafetensors>): Promise<void> {
  await writeAtomically(path, encodeSafetensors(...contents));
}
