import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { buffer } from "node:stream/consumers";
import { tensor } from "../arguments/tensor_from.js";
import { expected, expectedText } from "../errors/messages.js";
import type { TensorLike } from "../tensor/tensor.js";
import { decodeCsv } from "./csv.js";
import { decodeNpy } from "./npy.js";

/** The formats of arrays, by the suffixes of their files. */
export const FORMATS = ["npy", "csv", "json"] as const;

export type ArrayFormat = (typeof FORMATS)[number];

/** The content of a JSON file: one array, or arrays by the names of a model's inputs. */
export type ArrayOrArrays = TensorLike | Record<string, TensorLike>;

/** Returns the format that the name of a file says. `"-"` is standard input or output, whose format is JSON. */
export function formatOf(argument: string, path: string): ArrayFormat {
  if (path === "-") return "json";
  const suffix = extname(path).slice(1).toLowerCase();
  const found = FORMATS.find((format) => format === suffix);
  if (found !== undefined) return found;
  throw expectedText("ERR_ARGUMENT", argument, "a file that ends in .npy, .csv or .json", JSON.stringify(path));
}

/**
 * Reads an array of samples. The rows of a CSV file are flat, so `rowShape` says how each is divided; one size may be
 * `null`.
 *
 * @throws GRUError `ERR_ARGUMENT` for a file that cannot be read, `ERR_FILE_FORMAT` for one that is damaged, and
 * `ERR_SHAPE` for rows that do not fit.
 */
export async function readArray(
  name: string,
  path: string,
  rowShape: readonly (number | null)[] | null,
): Promise<ArrayOrArrays> {
  const format = formatOf(name, path);
  const bytes = await readBytes(name, path);
  if (format === "npy") return decodeNpy(name, bytes);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  if (format === "json") return parsed(name, path, text);
  return shaped(name, await decodeCsv(name, text), rowShape);
}

async function readBytes(name: string, path: string): Promise<Uint8Array> {
  try {
    return path === "-" ? await buffer(process.stdin) : await readFile(path);
  } catch (cause) {
    const received = `${JSON.stringify(path)} (${(cause as NodeJS.ErrnoException).code})`;
    throw expectedText("ERR_ARGUMENT", name, "the path of a file that can be read", received, { cause });
  }
}

function parsed(name: string, path: string, text: string): ArrayOrArrays {
  const remedy =
    path === "-" ? "Standard input is always JSON. Pass the name of a .csv or .npy file instead of -." : undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const received = text.trim() === "" ? "nothing" : `other text (${(cause as Error).message})`;
    throw expectedText("ERR_FILE_FORMAT", name, "JSON", received, { remedy, cause });
  }
  if (typeof value === "object" && value !== null) return value as ArrayOrArrays;
  const what = "nested arrays of numbers, or an object of them by the names of the inputs";
  throw expected("ERR_FILE_FORMAT", name, what, value, { remedy });
}

function shaped(name: string, rows: number[][], rowShape: readonly (number | null)[] | null): TensorLike {
  const width = rows[0]?.length ?? 0;
  const sizes = rowShape ?? [width];
  const known = sizes.reduce<number>((product, size) => product * (size ?? 1), 1);
  const open = sizes.filter((size) => size === null).length;
  if (open > 1 || (open === 0 ? width !== known : known === 0 || width % known !== 0)) {
    const shape = sizes.map((size) => size ?? "any").join(", ");
    throw expectedText(
      "ERR_SHAPE",
      name,
      `lines of the numbers of one sample of shape [${shape}]`,
      `lines of ${width}`,
    );
  }
  const row = sizes.map((size) => size ?? width / known);
  return tensor(Float64Array.from(rows.flat()), [rows.length, ...row]);
}
