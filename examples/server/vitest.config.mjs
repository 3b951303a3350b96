import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["examples/server/test/*.test.mjs"],
    testTimeout: 60_000,
    env: { CUDNN_GRU_DISABLE_CUDA: "1" },
    reporters: ["default", "./scripts/vitest/counts-reporter.mjs"],
  },
});
