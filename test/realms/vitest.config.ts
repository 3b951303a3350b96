import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Runs a part of the suite with globals, arrays and buffers of another realm than Node.js's own. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: [
      "test/arguments/tensor.test.ts",
      "test/layers/{async,call,hostile_arguments,other_realm,passes,sly_arguments,stateful,stream,weights}.test.ts",
      "test/serving/*.test.ts",
      "test/training/{bad_input,hostile_gradients}.test.ts",
    ],
    pool: "vmThreads",
    maxWorkers: 1,
    testTimeout: 30_000,
    env: { CUDNN_GRU_DISABLE_CUDA: "1" },
    reporters: ["default", "./scripts/vitest/counts-reporter.mjs"],
  },
});
