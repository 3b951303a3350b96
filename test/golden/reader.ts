import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bitsOf, numberOf } from "./sixteen_bit.js";

/** A tensor of the golden data: row-major values, their shape and their dtype. Masks are "uint8"; 16-bit floats are bits. */
export interface GoldenTensor {
  shape: number[];
  dtype: string;
  data: Float32Array | Float64Array | Uint8Array | Int32Array | Uint16Array;
}

/** The dtype policies of the cases. */
export type GoldenDtype = "float32" | "float64" | "float16" | "bfloat16" | "mixed_float16" | "mixed_bfloat16";

/** Arguments of one call, by Keras's names; the dropout multipliers are those Keras drew. */
export interface GoldenCall {
  inputs: GoldenTensor;
  mask?: GoldenTensor;
  initial_state?: GoldenTensor;
  training?: boolean;
  /** (1 or 3, B, F). */
  input_dropout?: GoldenTensor;
  /** (3, B, U). */
  recurrent_dropout?: GoldenTensor;
}

/** One call, and Keras's results for it. */
export interface GoldenStep {
  /** Keras's `reset_state()` was called just before. */
  reset_before: boolean;
  call: GoldenCall;
  /** The output, then the state with `return_state`. */
  outputs: GoldenTensor[];
  /** `layer.losses` after the call, in its order. */
  losses: number[];
}

/** Gradients of sum(upstream * outputs) + sum(losses) for the first call. */
export interface GoldenGradients {
  upstream: GoldenTensor[];
  inputs: GoldenTensor;
  initial_state?: GoldenTensor;
  weights: GoldenTensor[];
}

/** One layer, the calls made on it in order, and Keras's results. */
export interface GoldenCase {
  name: string;
  group: string;
  /** The layer's dtype policy, also in `arguments` where it is not the default. */
  dtype: GoldenDtype;
  /** Constructor arguments as a user writes them, `use_cudnn` left open (Keras ran with `false`). */
  arguments: Record<string, unknown>;
  /** kernel, recurrent_kernel and, with a bias, bias. */
  weights: GoldenTensor[];
  /** First call, its outputs and its losses: `steps[0]`. */
  call: GoldenCall;
  outputs: GoldenTensor[];
  losses: number[];
  /** Every call in order; more than one only for stateful layers. */
  steps: GoldenStep[];
  gradients?: GoldenGradients;
}

/** A tensor in the index: where its values lie, or how to compute them. */
export interface TensorEntry {
  dtype: string;
  shape: number[];
  offset?: number;
  uniform?: { seed: number; scale: number };
}

interface CallEntry extends Record<string, unknown> {
  outputs: TensorEntry[];
  losses?: number[];
  training?: boolean;
  reset_before?: boolean;
}

interface CaseEntry {
  name: string;
  arguments: Record<string, unknown>;
  weights: TensorEntry[];
  calls: CallEntry[];
  gradients?: Record<string, TensorEntry | TensorEntry[]>;
}

interface Index {
  format: string;
  version: number;
  groups: Record<string, { blob: { file: string; bytes: number; sha256: string }; cases: CaseEntry[] }>;
}

const FOLDER = fileURLToPath(new URL("./data/", import.meta.url));
const MAGIC = "GRUGOLD\0";
const VERSION = 1;
const REGENERATE =
  "Regenerate the golden data with real Keras: " +
  "python3.11 -m venv .venv && .venv/bin/pip install -r test/golden/requirements.txt && " +
  ".venv/bin/python test/golden/generate.py (see test/golden/README.md).";
const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  uint8: Uint8Array,
  int32: Int32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
} as const;

function fail(problem: string): never {
  throw new Error(`${problem} ${REGENERATE}`);
}

/** The JSON file `name` of the golden data. Throws as `goldenCases`. */
export function readJson<T extends { version: number }>(name: string): T {
  let text: string;
  try {
    text = readFileSync(`${FOLDER}${name}`, "utf8");
  } catch (error) {
    fail(`Expected golden data at ${FOLDER}${name} but reading it failed: ${(error as Error).message}.`);
  }
  const index = JSON.parse(text) as T;
  if (index.version !== VERSION) fail(`Expected golden data of version ${VERSION} but found ${index.version}.`);
  return index;
}

/** A checked blob. Throws as `goldenCases`. */
export function readBlob(entry: { file: string; bytes: number; sha256: string }): Buffer {
  let blob: Buffer;
  try {
    blob = readFileSync(`${FOLDER}${entry.file}`);
  } catch (error) {
    fail(`Expected golden data at ${FOLDER}${entry.file} but reading it failed: ${(error as Error).message}.`);
  }
  const version = blob.length >= 16 ? blob.readUInt32LE(8) : 0;
  if (blob.toString("latin1", 0, 8) !== MAGIC || version !== VERSION) {
    fail(`Expected ${entry.file} to begin with GRUGOLD and version ${VERSION} but it does not.`);
  }
  const digest = createHash("sha256").update(blob).digest("hex");
  if (digest !== entry.sha256) fail(`Expected ${entry.file} to have SHA-256 ${entry.sha256} but it has ${digest}.`);
  return blob;
}

/** Element i of a computed tensor: a 32-bit hash of seed and i, mapped to [-scale, scale). README.md, "Format". */
function uniform(out: GoldenTensor["data"], seed: number, scale: number, dtype: string): void {
  const start = Math.imul(seed, 0x9e3779b9);
  for (let i = 0; i < out.length; i++) {
    let h = (i + start) | 0;
    h ^= h >>> 16;
    h = Math.imul(h, 0x85ebca6b);
    h ^= h >>> 13;
    h = Math.imul(h, 0xc2b2ae35);
    h ^= h >>> 16;
    const value = ((h >>> 0) / 2 ** 31 - 1) * scale;
    out[i] = dtype === "float16" || dtype === "bfloat16" ? bitsOf(value, dtype) : value;
  }
}

/** The tensor of an entry. */
export function tensorOf(entry: TensorEntry, blob: Buffer): GoldenTensor {
  const ArrayType = ARRAYS[entry.dtype as keyof typeof ARRAYS];
  if (!ArrayType) fail(`Expected a dtype of ${Object.keys(ARRAYS).join(", ")} but found ${entry.dtype}.`);
  const length = entry.shape.reduce((product, size) => product * size, 1);
  const data = new ArrayType(length);
  if (entry.uniform) {
    uniform(data, entry.uniform.seed, entry.uniform.scale, entry.dtype);
  } else {
    const offset = entry.offset ?? fail("Expected a tensor to have an offset or a seed but found neither.");
    if (offset + data.byteLength > blob.length) fail("Expected a tensor to lie inside its blob but it does not.");
    new Uint8Array(data.buffer).set(blob.subarray(offset, offset + data.byteLength));
  }
  return { shape: [...entry.shape], dtype: entry.dtype, data };
}

const CALL_TENSORS = ["inputs", "mask", "initial_state", "input_dropout", "recurrent_dropout"] as const;

function stepOf(entry: CallEntry, tensor: (entry: TensorEntry) => GoldenTensor): GoldenStep {
  const call: Partial<GoldenCall> = {};
  for (const key of CALL_TENSORS) {
    if (entry[key]) call[key] = tensor(entry[key] as TensorEntry);
  }
  if (entry.training !== undefined) call.training = entry.training;
  return {
    reset_before: entry.reset_before ?? false,
    call: call as GoldenCall,
    outputs: entry.outputs.map(tensor),
    losses: entry.losses ?? [],
  };
}

function gradientsOf(
  entry: Record<string, TensorEntry | TensorEntry[]>,
  tensor: (entry: TensorEntry) => GoldenTensor,
): GoldenGradients {
  const gradients: GoldenGradients = {
    upstream: (entry.upstream as TensorEntry[]).map(tensor),
    inputs: tensor(entry.inputs as TensorEntry),
    weights: (entry.weights as TensorEntry[]).map(tensor),
  };
  if (entry.initial_state) gradients.initial_state = tensor(entry.initial_state as TensorEntry);
  return gradients;
}

function caseOf(entry: CaseEntry, group: string, blob: Buffer): GoldenCase {
  const tensor = (one: TensorEntry) => tensorOf(one, blob);
  const steps = entry.calls.map((call) => stepOf(call, tensor));
  const first = steps[0] ?? fail(`Expected ${entry.name} to have a call but it has none.`);
  const result: GoldenCase = {
    name: entry.name,
    group,
    dtype: (entry.arguments.dtype ?? "float32") as GoldenDtype,
    arguments: entry.arguments,
    weights: entry.weights.map(tensor),
    call: first.call,
    outputs: first.outputs,
    losses: first.losses,
    steps,
  };
  if (entry.gradients) result.gradients = gradientsOf(entry.gradients, tensor);
  return result;
}

/**
 * The golden cases, in the order of the index.
 *
 * @param filter a group ("masks"), or a predicate on group and name; all cases without one.
 * @throws Error that says how to regenerate, when the data is missing, damaged or of another version.
 */
export function goldenCases(filter?: string | ((group: string, name: string) => boolean)): GoldenCase[] {
  const accepts = typeof filter === "function" ? filter : (group: string) => filter === undefined || group === filter;
  const found: GoldenCase[] = [];
  for (const [group, { blob: entry, cases }] of Object.entries(readJson<Index>("index.json").groups)) {
    const wanted = cases.filter(({ name }) => accepts(group, name));
    if (wanted.length === 0) continue;
    const blob = readBlob(entry);
    for (const one of wanted) found.push(caseOf(one, group, blob));
  }
  return found;
}

/**
 * max|actual - expected| / max(1, max|expected|) over the finite elements of `expected`; Infinity where the lengths
 * differ or an element that is not finite is not the same NaN or infinity in both.
 */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let scale = 1;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i] as number;
    const b = expected[i] as number;
    if (!Number.isFinite(a) || !Number.isFinite(b)) {
      if (!Object.is(a, b)) return Number.POSITIVE_INFINITY;
      continue;
    }
    scale = Math.max(scale, Math.abs(b));
    worst = Math.max(worst, Math.abs(a - b));
  }
  return worst / scale;
}

/** The elements of a tensor as numbers. */
export function numbersOf({ data, dtype }: { data: ArrayLike<number>; dtype: string }): ArrayLike<number> {
  if (dtype !== "float16" && dtype !== "bfloat16") return data;
  return Float64Array.from(data, (bits) => numberOf(bits, dtype));
}

/** Largest `relativeError` allowed, by dtype. */
export const TOLERANCE: Readonly<Record<GoldenDtype, number>> = {
  float32: 1e-5,
  float64: 1e-12,
  float16: 4e-3,
  bfloat16: 3e-2,
  mixed_float16: 4e-3,
  mixed_bfloat16: 3e-2,
};
