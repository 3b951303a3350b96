// npm run bench:models -- [options]: whole Keras models alone, with the options that `npm run bench -- --only models` does
// not have. bench/README.md says what the numbers mean. Never a test.
import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { backendInfo } from "../../dist/index.js";
import { Unavailable } from "../contender.js";
import { measureModels } from "./measure.js";
import { formatModels } from "./report.js";

interface Options {
  rounds: string;
  sampleMs: string;
  threads: string;
  batches: string;
  models?: string;
  json?: string;
}

const options = new Command()
  .name("npm run bench:models --")
  .option("--rounds <n>", "samples of each contender", "11")
  .option("--sample-ms <n>", "about how long a sample takes", "40")
  .option("--threads <list>", "numbers of threads", "1")
  .option("--batches <list>", "rows of a call", "1,64")
  .option("--models <list>", "only these models")
  .option("--json <file>", "also write the record to a file")
  .parse()
  .opts<Options>();

const listOf = (text: string) => text.split(",").map((item) => item.trim());
const { usableCpus } = backendInfo().cpu;

try {
  const record = await measureModels({
    rounds: Number(options.rounds),
    sampleMs: Number(options.sampleMs),
    threads: listOf(options.threads).map((count) => (count === "all" ? usableCpus : Number(count))),
    batches: listOf(options.batches).map(Number),
    models: options.models === undefined ? null : listOf(options.models),
  });
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(record, null, 1)}\n`);
  process.stdout.write(await formatModels(record));
} catch (error) {
  console.error(error instanceof Unavailable ? `bench: ${error.message}` : error);
  process.exitCode = 1;
}
