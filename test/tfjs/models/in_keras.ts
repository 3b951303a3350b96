// Runs open_in_keras.py, which opens saved models in real Keras.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ModelTensor } from "../../golden/models/models.js";

const python = fileURLToPath(new URL("../../../.venv/bin/python", import.meta.url));
const script = fileURLToPath(new URL("./open_in_keras.py", import.meta.url));

/** Whether there is a Keras to open files with. */
export const hasKeras = existsSync(python);

/** A saved file, and the inputs of each call of its model. */
export interface SavedCase {
  path: string;
  calls: { inputs: ModelTensor[]; reset: boolean }[];
}

/** What Keras predicts for each call, or its error. */
export type KerasResult =
  | { outputs: { shape: number[]; data: Float32Array }[][]; layers: string[] }
  | { error: string };

/** Opens all files in one process of Python, which takes seconds to start. */
export function openInKeras(cases: readonly SavedCase[]): KerasResult[] {
  const input = cases.map(({ path, calls }) => ({
    path,
    calls: calls.map(({ inputs, reset }) => ({
      reset,
      inputs: inputs.map(({ dtype, shape, data }) => ({
        dtype,
        shape,
        data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64"),
      })),
    })),
  }));
  const stdout = execFileSync(python, [script], {
    input: JSON.stringify(input),
    maxBuffer: 2 ** 28,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const { results } = JSON.parse(stdout.toString()) as {
    results: ({ outputs: { shape: number[]; data: string }[][]; layers: string[] } | { error: string })[];
  };
  return results.map((one) => {
    if ("error" in one) return one;
    const outputs = one.outputs.map((list) =>
      list.map(({ shape, data }) => {
        const bytes = Buffer.from(data, "base64");
        return { shape, data: Float32Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at)) };
      }),
    );
    return { outputs, layers: one.layers };
  });
}
