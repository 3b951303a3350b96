import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/platforms/*.test.ts"],
    // Emulators take every core that they get.
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    reporters: ["default", "./scripts/vitest/counts-reporter.mjs"],
  },
});
