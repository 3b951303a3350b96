import { writeAtomically } from "../atomic_write.js";
import { inFile } from "../file_errors.js";
import { withFile } from "../open_file.js";
import { type FileSource, readSource, type Source } from "../source.js";
import { decodeSafetensors, encodeSafetensors, type SafetensorsContents } from "./safetensors.js";

const KIND = "safetensors file";

/**
 * Reads the safetensors file `file`.
 *
 * @throws GRUError `ERR_ARGUMENT` if there is no readable file, and the errors of `decodeSafetensors`.
 */
export async function readSafetensors(file: FileSource | Source): Promise<SafetensorsContents> {
  const source = readSource(file, `a ${KIND}`);
  const read = () => withFile(source, async (file) => decodeSafetensors(await file.readWhole()), `a ${KIND}`);
  return inFile(source, read, KIND);
}

/**
 * Writes a complete safetensors file to `path`, or nothing. Throws the errors of `encodeSafetensors` and
 * `writeAtomically`.
 */
export async function writeSafetensors(path: string, ...contents: Parameters<typeof encodeSafetensors>): Promise<void> {
  await writeAtomically(path, encodeSafetensors(...contents));
}
