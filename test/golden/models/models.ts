import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inflateSync } from "node:zlib";

/** A tensor of a golden model: row-major values. 16-bit floats are bits. */
export interface ModelTensor {
  shape: number[];
  dtype: string;
  data: Float32Array | Float64Array | Uint8Array | Int32Array | Uint16Array;
}

/** Tensors in lists and objects. */
export type Nested<T> = T | Nested<T>[] | { [key: string]: Nested<T> };

/** One call, and what Keras computed. */
export interface ModelCall {
  inputs: Nested<ModelTensor>;
  outputs: Nested<ModelTensor>;
  /** Whether Keras's `reset_state()` was called just before. */
  resetBefore: boolean;
}

/** A model that Keras saved, and calls of it in their order. */
export interface GoldenModel {
  name: string;
  group: string;
  /** The dtype whose tolerance applies. */
  dtype: string;
  format: "keras" | "h5";
  bytes: Uint8Array;
  calls: ModelCall[];
}

interface TensorEntry {
  dtype: string;
  shape: number[];
  offset: number;
}

interface CaseEntry {
  name: string;
  dtype: string;
  file: { format: "keras" | "h5"; offset: number; bytes: number };
  calls: { inputs: Nested<TensorEntry>; outputs: Nested<TensorEntry>; reset_before?: boolean }[];
}

interface Index {
  version: number;
  groups: Record<string, { blob: { file: string; bytes: number; sha256: string }; cases: CaseEntry[] }>;
}

const FOLDER = fileURLToPath(new URL("./data/", import.meta.url));
const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int32: Int32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
} as const;

/** Tolerances of equality with Keras: max |a - b| <= tolerance * max(1, max |ref|). */
export const TOLERANCES: Readonly<Record<string, number>> = {
  float32: 1e-5,
  float64: 1e-12,
  float16: 4e-3,
  bfloat16: 3e-2,
  mixed_float16: 4e-3,
  mixed_bfloat16: 3e-2,
};

/** Reads all golden models in a folder of data, or those of one group. */
export function goldenModels(group?: string, folder = FOLDER): GoldenModel[] {
  const index = JSON.parse(readFileSync(`${folder}index.json`, "utf8")) as Index;
  if (index.version !== 1) throw new Error(`Expected golden models of version 1 but found ${index.version}.`);
  const groups = Object.entries(index.groups).filter(([name]) => group === undefined || name === group);
  return groups.flatMap(([name, { blob, cases }]) => {
    const bytes = readFileSync(`${folder}${blob.file}`);
    const digest = createHash("sha256").update(bytes).digest("hex");
    if (digest !== blob.sha256) throw new Error(`Expected ${blob.file} to have SHA-256 ${blob.sha256}.`);
    return cases.map((one) => modelOf(one, name, bytes));
  });
}

function modelOf({ name, dtype, file, calls }: CaseEntry, group: string, blob: Buffer): GoldenModel {
  const stored = blob.subarray(file.offset, file.offset + file.bytes);
  return {
    name,
    group,
    dtype,
    format: file.format,
    bytes: file.format === "h5" ? inflateSync(stored) : new Uint8Array(stored),
    calls: calls.map(({ inputs, outputs, reset_before = false }) => ({
      inputs: mapNested(inputs, (entry) => tensorOf(entry, blob)),
      outputs: mapNested(outputs, (entry) => tensorOf(entry, blob)),
      resetBefore: reset_before,
    })),
  };
}

function tensorOf({ dtype, shape, offset }: TensorEntry, blob: Buffer): ModelTensor {
  const Type = ARRAYS[dtype as keyof typeof ARRAYS];
  if (Type === undefined) throw new Error(`Expected a dtype of golden models but found ${dtype}.`);
  const data = new Type(shape.reduce((size, axis) => size * axis, 1));
  new Uint8Array(data.buffer).set(blob.subarray(offset, offset + data.byteLength));
  return { dtype, shape: [...shape], data };
}

/** Replaces every value in lists and objects. Entries and tensors are recognized by their `dtype`. */
export function mapNested<T extends { dtype: string }, U>(nested: Nested<T>, map: (value: T) => U): Nested<U> {
  if (Array.isArray(nested)) return nested.map((item) => mapNested(item, map));
  if (typeof (nested as { dtype?: unknown }).dtype === "string") return map(nested as T);
  const object = nested as { [key: string]: Nested<T> };
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, mapNested(value, map)]));
}

/** The values of lists and objects, each with its place. */
export function placesIn<T extends { dtype: string }>(nested: Nested<T>, place = ""): [string, T][] {
  if (Array.isArray(nested)) return nested.flatMap((item, index) => placesIn(item, `${place}[${index}]`));
  if (typeof (nested as { dtype?: unknown }).dtype === "string") return [[place, nested as T]];
  const object = nested as { [key: string]: Nested<T> };
  return Object.entries(object).flatMap(([key, value]) => placesIn(value, `${place}.${key}`));
}
