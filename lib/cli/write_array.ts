import { expectedText } from "../errors/messages.js";
import { writeAtomically } from "../formats/atomic_write.js";
import type { Tensor } from "../tensor/tensor.js";
import { encodeCsv } from "./csv.js";
import { encodeNpy } from "./npy.js";
import { formatOf } from "./read_array.js";

/**
 * Writes a model's outputs, by name, to a file, or as JSON to standard output (`"-"`). One output is written as it is,
 * and several as a JSON object.
 *
 * @throws GRUError `ERR_ARGUMENT` if the file cannot be written, or its format holds one array alone.
 */
export async function writeArrays(path: string, outputs: ReadonlyMap<string, Tensor>): Promise<void> {
  const format = formatOf("--output", path);
  const [first] = outputs.values();
  const single = outputs.size === 1 ? first : undefined;
  if (format === "json") {
    const value = single ?? Object.fromEntries([...outputs].map(([name, one]) => [name, one.toArray()]));
    const text = `${JSON.stringify(single === undefined ? value : single.toArray())}\n`;
    if (path === "-") process.stdout.write(text);
    else await writeAtomically(path, [Buffer.from(text)]);
    return;
  }
  if (single === undefined) {
    const names = [...outputs.keys()].join(", ");
    const received = `${JSON.stringify(path)} for the outputs ${names}`;
    throw expectedText("ERR_ARGUMENT", "--output", `a .json file, or NAME=FILE for each output`, received);
  }
  await writeAtomically(path, [format === "npy" ? encodeNpy(single) : Buffer.from(encodeCsv(single))]);
}
