import { expectedText } from "../errors/messages.js";
import { importDependency } from "../formats/import_dependency.js";
import type { Tensor } from "../tensor/tensor.js";

/**
 * Returns the rows of numbers in a CSV text: one row for each sample. A first line without any number is a header and is
 * left out. `name` is the argument's, for messages.
 *
 * @throws GRUError `ERR_FILE_FORMAT`, naming line and column, for a field that is no number, or rows of different lengths.
 */
export async function decodeCsv(name: string, text: string): Promise<number[][]> {
  const { parse } = await importDependency("csv-parse", () => import("csv-parse/sync"));
  let lines: string[][];
  try {
    lines = parse(text, { skip_empty_lines: true, trim: true, bom: true, relax_column_count: true });
  } catch (cause) {
    throw expectedText("ERR_FILE_FORMAT", name, "CSV", `other text (${(cause as Error).message})`, { cause });
  }
  const header = lines[0]?.every((field) => !isNumber(field)) === true ? 1 : 0;
  const rows = lines
    .slice(header)
    .map((fields, index) => fields.map((field, column) => numberIn(name, field, header + index + 1, column + 1)));
  const [first] = rows;
  const odd = rows.findIndex((row) => row.length !== first?.length);
  if (odd !== -1) {
    const received = `${rows[odd]?.length} in line ${header + odd + 1}`;
    throw expectedText("ERR_FILE_FORMAT", name, `${first?.length} fields in each line, as in the first`, received);
  }
  return rows;
}

function isNumber(field: string): boolean {
  return field !== "" && (Number.isFinite(Number(field)) || /^(nan|[+-]?inf(inity)?)$/i.test(field));
}

function numberIn(name: string, field: string, line: number, column: number): number {
  if (!isNumber(field)) {
    const received = field === "" ? "an empty field" : JSON.stringify(field);
    throw expectedText("ERR_FILE_FORMAT", name, `a number in line ${line}, column ${column}`, received);
  }
  const value = Number(field);
  if (Number.isFinite(value) || /^nan$/i.test(field)) return value;
  return field.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Returns a tensor as CSV, one line for each sample, its elements in row-major order. */
export function encodeCsv(tensor: Tensor): string {
  const [rows = 1] = tensor.shape;
  const flat = (tensor.toArray() as unknown[]).flat(Number.POSITIVE_INFINITY);
  const width = rows === 0 ? 0 : flat.length / rows;
  return Array.from({ length: rows }, (_, row) => `${flat.slice(row * width, (row + 1) * width).join(",")}\n`).join("");
}
