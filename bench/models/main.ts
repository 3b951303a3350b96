// npm run bench:models -- [options]: whole Keras models alone, with the options that `npm run bench -- --only models` does
// not have. bench/README.md says what the numbers mean. Never a test.
import { writeFileSync } from "node:fs";
import { backendInfo } from "../../dist/index.js";
import { resolveThreads } from "../arguments.js";
import { Unavailable } from "../contender.js";
import { readModelsArguments } from "../program_arguments.js";
import { requireWritable } from "../require_writable.js";
import { measureModels } from "./measure.js";
import { formatModels } from "./report.js";

const options = readModelsArguments(process.argv.slice(2));

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
