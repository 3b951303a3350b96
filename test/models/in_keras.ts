// Runs compare_in_keras.py, which opens converted files and their sources in real Keras.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ModelTensor, mapNested, type Nested } from "../golden/models/models.js";

const python = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
const script = fileURLToPath(new URL("./compare_in_keras.py", import.meta.url));

/** Whether there is a Keras to open files with. */
export const hasKeras = existsSync(python);

/** A converted file, its source if Keras is to open it too, and the inputs of each call. */
export interface Conversion {
  after: string;
  before: string | null;
  calls: { inputs: Nested<ModelTensor>; reset: boolean }[];
}

/**
 * What Keras predicts for each call with the converted file, and how much that differs from the source's predictions;
 * `refused` says why Keras cannot open the source.
 */
export type Comparison =
  | { outputs: ModelTensor[][]; difference: number | null; refused: string | null }
  | { error: string };

type Read =
  | { outputs: { shape: number[]; data: string }[][]; difference: number | null; refused: string | null }
  | { error: string };

/** Opens all files in one process of Python, which takes seconds to start. */
export function compareInKeras(conversions: readonly Conversion[]): Comparison[] {
  const encode = ({ dtype, shape, data }: ModelTensor) => ({
    dtype,
    shape,
    data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64"),
  });
  const input = conversions.map(({ calls, ...files }) => ({
    ...files,
    calls: calls.map(({ inputs, reset }) => ({ inputs: mapNested(inputs, encode), reset })),
  }));
  const stdout = execFileSync(python, [script], {
    input: JSON.stringify(input),
    maxBuffer: 2 ** 28,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const { results } = JSON.parse(stdout.toString()) as { results: Read[] };
  return results.map((one) => {
    if ("error" in one) return one;
    return { ...one, outputs: one.outputs.map((call) => call.map(decode)) };
  });
}

function decode({ shape, data }: { shape: number[]; data: string }): ModelTensor {
  const bytes = Buffer.from(data, "base64");
  const values = Float32Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at));
  return { dtype: "float32", shape, data: values };
}

const rewriter = fileURLToPath(new URL("./as_tf_keras.py", import.meta.url));

/** Rewrites `.keras` files of Keras 3 in the format of tf.keras 2. Returns for each `null`, or why it has no such form. */
export function rewriteAsTfKeras(files: readonly { source: string; target: string }[]): (string | null)[] {
  return JSON.parse(execFileSync(python, [rewriter], { input: JSON.stringify(files) }).toString()) as (string | null)[];
}

const loader = fileURLToPath(new URL("./load_weights_in_keras.py", import.meta.url));

/** Loads weights into models that Keras builds anew. Returns for each `null`, or what was different. */
export function loadWeightsInKeras(pairs: readonly (readonly [model: string, weights: string])[]): (string | null)[] {
  const stdout = execFileSync(python, [loader], { input: JSON.stringify(pairs), stdio: ["pipe", "pipe", "ignore"] });
  return JSON.parse(stdout.toString()) as (string | null)[];
}
