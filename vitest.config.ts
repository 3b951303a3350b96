import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // test/gpu/ runs with node:test, so that it needs no packages where the GPU is; test/package/ installs packages,
    // so it is a command of its own (npm run test:package), and so is test/platforms/ (npm run test:platforms).
    exclude: ["test/gpu/**", "test/package/**", "test/platforms/**"],
    // The addon's threads outlive a worker thread's environment: each test file has a process of its own.
    pool: "forks",
    // By default vitest leaves one core free, which is half of a machine with two.
    maxWorkers: availableParallelism(),
    // No more than a bound for what hangs: the slowest test takes 30 s alone, and several times as long on a busy machine.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // Tests of the CPU path ask for its exact bits, also on a machine whose GPU would take the call. The tests of the
    // cuDNN path set their own environment (test/cudnn/doubles.ts); a real GPU has test/gpu/.
    env: { CUDNN_GRU_DISABLE_CUDA: "1" },
    reporters: ["default", "./scripts/vitest/counts-reporter.mjs"],
  },
});
