import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // test/gpu/ runs with node:test, so that it needs no packages where the GPU is.
    exclude: ["test/gpu/**"],
    // The addon's threads outlive a worker thread's environment: each test file has a process of its own.
    pool: "forks",
    testTimeout: 30_000,
    reporters: ["default", "./scripts/vitest/counts-reporter.mjs"],
  },
});
