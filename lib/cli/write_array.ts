import { expectedText } from "../errors/messages.js";
import { writeAtomically } from "../formats/atomic_write.js";
import type { Tensor } from "../tensor/tensor.js";
import { encodeCsv } from "./csv.js";
import { encodeNpy } from "./npy.js";
import { formatOf } from "./read_array.js";

/** Throws `ERR_ARGUMENT` if the outputs are several, and the format of the file holds one array alone. */
export function requireOneArray(path: string, names: readonly string[]): void {
  if (names.length === 1 || formatOf("--output", path) === "json") return;
  const received = `${JSON.stringify(path)} for the outputs ${names.join(", ")}`;
  throw expectedText("ERR_ARGUMENT", "--output", "a .json file, or NAME=FILE for each output", received);
}

/**
 * Writes a model's outputs, by name, to a file, or as JSON to standard output (`"-"`). One output is written as it is,
 * and several as a JSON object.
 *
 * @throws GRUError `ERR_ARGUMENT` if the file cannot be written, or its format holds one array alone.
 */
export async function writeArrays(path: string, outputs: ReadonlyMap<string, Tensor>): Promise<void> {
  requireOneArray(path, [...outputs.keys()]);
  const format = formatOf("--output", path);
  const single = outputs.size === 1 ? (outputs.values().next().value as Tensor) : undefined;
  if (format === "json") {
    const value = single?.toArray() ?? Object.fromEntries([...outputs].map(([name, one]) => [name, one.toArray()]));
    const text = `${JSON.stringify(value)}\n`;
    if (path === "-") process.stdout.write(text);
    else await writeAtomically(path, [Buffer.from(text)]);
    return;
  }
  const array = single as Tensor;
  await writeAtomically(path, [format === "npy" ? encodeNpy(array) : Buffer.from(encodeCsv(array))]);
}
