import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { GRUErrorCode } from "cudnn-gru";
import { beforeEach } from "vitest";
import type { NativeCudnnInfo, NativeGruDescription } from "../../dist/native/binding.js";

interface Double {
  verdicts: Record<string, { met: boolean; detail: string; final: boolean }>;
  asked: string[];
  flags: number[];
  arrays: [inputs: ArrayBufferView, output: ArrayBufferView][];
  descriptions: NativeGruDescription[];
  upstream: [Float32Array | null, Float32Array | null][];
  living: number;
  failure: [GRUErrorCode, string] | null;
  info: NativeCudnnInfo | Error | null;
}

// The package loads its addon at first use, which comes after this.
const path = fileURLToPath(new URL("./addon_double.cjs", import.meta.url));
if (process.env.CUDNN_GRU_ADDON) process.env.CUDNN_GRU_REAL_ADDON = process.env.CUDNN_GRU_ADDON;
process.env.CUDNN_GRU_ADDON = path;

/** The double that this test's process has for its addon. */
export const { double } = createRequire(import.meta.url)(path) as { double: Double };

const works = { available: true, reason: null };

/** The machine that the double finds unless a test says otherwise. */
export const FOUND: NativeCudnnInfo = {
  cuda: { ...works, driver: "13.0", devices: [] },
  cudnn: { ...works, version: "9.24.0", path: "/libcudnn_adv.so.9", tried: [] },
};

beforeEach(() => {
  Object.assign(double, {
    asked: [],
    flags: [],
    arrays: [],
    descriptions: [],
    upstream: [],
    living: 0,
    failure: null,
    info: FOUND,
  });
});
