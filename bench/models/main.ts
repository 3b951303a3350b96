// npm run bench:models -- [options]: whole Keras models alone, with the options that `npm run bench -- --only models` does
// not have. bench/README.md says what the numbers mean. Never a test.
import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { backendInfo } from "../../dist/index.js";
import { resolveThreads } from "../arguments.js";
import { Unavailable } from "../contender.js";
import { list, positive, threadCount } from "../option_values.js";
import { requireWritable } from "../require_writable.js";
import { measureModels } from "./measure.js";
import { formatModels } from "./report.js";

interface Options {
  rounds: number;
  sampleMs: number;
  threads: (number | "all")[];
  batches: number[];
  models?: string[];
  json?: string;
}

const options = new Command()
  .name("npm run bench:models --")
  .allowExcessArguments(false)
  .option("--rounds <n>", "samples of each contender", positive, 11)
  .option("--sample-ms <n>", "about how long a sample takes", positive, 40)
  .option<(number | "all")[]>("--threads <list>", "numbers of threads", list(threadCount), [1])
  .option<number[]>("--batches <list>", "rows of a call", list(positive), [1, 64])
  .option("--models <list>", "only these models", list(String))
  .option("--json <file>", "also write the record to a file")
  .parse()
  .opts<Options>();

try {
  // Checked now: a file that cannot be written must not cost the measurements.
  if (options.json !== undefined) requireWritable(options.json);
  const record = await measureModels({
    rounds: options.rounds,
    sampleMs: options.sampleMs,
    threads: resolveThreads(options.threads, backendInfo().cpu.usableCpus),
    batches: options.batches,
    models: options.models ?? null,
  });
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(record, null, 1)}\n`);
  process.stdout.write(await formatModels(record));
} catch (error) {
  console.error(error instanceof Unavailable || error instanceof RangeError ? `bench: ${error.message}` : error);
  process.exitCode = 1;
}
