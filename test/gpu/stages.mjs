// The stages of a run on a GPU, in order, the most informative first. `limit` is in seconds; with doctor's they add up to less than
// nine minutes, and the stages before the benchmark to less than four.

export const DOCTOR_SECONDS = 30;
export const TOTAL_SECONDS = 530;

const tests = (...names) => names.map((name) => `test/gpu/${name}.test.mjs`);

/** Time for a benchmark that has used up its own time to finish the case it is at. */
const LAST_CASE_SECONDS = 30;

/**
 * The arguments of `node` for a stage of tests, which writes each result to `report` as a line of JSON: one file after the
 * other, since one test fills the device's memory, and each has its share of the stage.
 */
function testArguments(files, limit, report) {
  return [
    "--test",
    "--test-concurrency=1",
    `--test-timeout=${Math.max(1000, Math.floor(((limit - 2) * 1000) / files.length))}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    "--test-reporter=./test/gpu/reporter.mjs",
    `--test-reporter-destination=${report}`,
    ...files,
  ];
}

/** `args(folder, seconds, extra)` returns the arguments of `node`; `extra` are those that a person added for the benchmark. */
export const STAGES = [
  { name: "correctness", limit: 30, files: tests("golden") },
  { name: "parity", limit: 40, files: tests("parity") },
  { name: "wrappers", limit: 60, files: tests("wrappers") },
  { name: "stacks", limit: 90, files: tests("stacks") },
  { name: "questions", limit: 40, files: tests("determinism", "questions") },
  {
    name: "bench",
    limit: 235,
    args: (folder, seconds, extra) => [
      "bench/gpu/main.mjs",
      `--json=${folder}/bench.json`,
      "--rounds=5",
      "--sample-ms=60",
      `--seconds=${Math.max(1, seconds - LAST_CASE_SECONDS)}`,
      ...extra,
    ],
  },
  { name: "soak", limit: 60, files: tests("memory") },
].map((stage) => ({
  args: (folder, seconds) => testArguments(stage.files, seconds, `${folder}/${stage.name}.jsonl`),
  ...stage,
}));
