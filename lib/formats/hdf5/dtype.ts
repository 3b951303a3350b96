import { fileError } from "../file_errors.js";
import type { DatasetHeader, FloatLayout } from "./object_header.js";

/** The dtype of a dataset's numbers after reading. */
export type StoredDtype = "float16" | "bfloat16" | "float32" | "float64";

/** The exponent and mantissa of each dtype, in bits. */
const FIELDS: readonly [dtype: StoredDtype, exponent: number, mantissa: number][] = [
  ["float16", 5, 10],
  ["bfloat16", 8, 7],
  ["float32", 8, 23],
  ["float64", 11, 52],
];

const OPAQUE_CLASS = 5;

/** The names of HDF5's type classes for messages, by their numbers. */
const CLASS_NAMES = [
  "integers",
  "floating-point numbers",
  "times",
  "strings",
  "bit fields",
  "opaque elements",
  "compound elements",
  "references",
  "enumerated values",
  "lists of variable length",
  "arrays",
];

/**
 * Returns the dtype of a dataset with this header. HDF5 lets a file place sign, exponent and mantissa anywhere, but
 * only the layouts of IEEE 754 and bfloat16 are read. Keras writes bfloat16 as opaque elements beside a note.
 *
 * @param note the text of the dataset's attribute `dtype`.
 * @param where the name of the dataset, for messages.
 * @throws GRUError `ERR_FILE_FORMAT` for every other type.
 */
export function storedDtype(header: DatasetHeader, note: string | undefined, where: string): StoredDtype {
  const { typeClass, size, float } = header;
  if (typeClass === OPAQUE_CLASS && size === 2 && note === "bfloat16") return "bfloat16";
  const found = float && FIELDS.find(([, exponent, mantissa]) => isLayout(float, size, exponent, mantissa));
  if (found) return found[0];
  throw fileError(`expected ${where} of dtype float16, bfloat16, float32 or float64 but found ${describe(header)}`);
}

function isLayout(float: FloatLayout, size: number, exponent: number, mantissa: number): boolean {
  return (
    size * 8 === 1 + exponent + mantissa &&
    float.byteOrder !== "other" &&
    float.bitOffset === 0 &&
    float.precision === size * 8 &&
    float.signLocation === exponent + mantissa &&
    float.exponentLocation === mantissa &&
    float.exponentSize === exponent &&
    float.mantissaLocation === 0 &&
    float.mantissaSize === mantissa &&
    float.bias === 2 ** (exponent - 1) - 1 &&
    float.isImplied
  );
}

function describe({ typeClass, size, float }: DatasetHeader): string {
  if (float === undefined) return `${CLASS_NAMES[typeClass] ?? `HDF5 type class ${typeClass}`} of ${size} bytes`;
  const { exponentSize, exponentLocation, mantissaSize, mantissaLocation, signLocation, bias } = float;
  return (
    `floating-point numbers of ${size} bytes in a layout of their own (exponent: ${exponentSize} bits at ` +
    `${exponentLocation}, bias ${bias}; mantissa: ${mantissaSize} bits at ${mantissaLocation}; sign at ${signLocation})`
  );
}
