// npm run bench -- [options]: our layer, the libraries of bench/peers and the machine's own limits, interleaved in one
// run for each number of threads. README.md says what the numbers mean. Never a test.
import { writeFileSync } from "node:fs";
import { CommanderError } from "commander";
import { backendInfo } from "../dist/index.js";
import { type BenchArguments, readArguments, resolveThreads } from "./arguments.js";
import { Unavailable } from "./contender.js";
import { measureCurves } from "./curves/measure.js";
import { drawCurves } from "./curves/plot.js";
import { describeMachine } from "./machine.js";
import { measureModels } from "./models/measure.js";
import type { ModelRecord } from "./models/report.js";
import { progress } from "./progress.js";
import { readRecord } from "./read_record.js";
import type { BenchRecord, RunRecord } from "./record.js";
import { formatReport } from "./report.js";
import { requireWritable } from "./require_writable.js";
import { measureRun } from "./run.js";
import { drawSpeed } from "./speed/plot.js";

async function measure(args: BenchArguments): Promise<BenchRecord> {
  const { sampleMs, parts } = args;
  const runs: RunRecord[] = [];
  if (parts.some((part) => part !== "curves" && part !== "models")) {
    const counts = resolveThreads(args.threads, backendInfo().cpu.usableCpus);
    for (const [index, threads] of counts.entries()) {
      const rounds = (args.rounds[index] ?? args.rounds.at(-1)) as number;
      runs.push(await measureRun(args, { threads, rounds, sampleMs }));
    }
  }
  const curves = parts.includes("curves") ? await measureCurves(args.quick) : [];
  const models = parts.includes("models") ? await measureAllModels(args) : null;
  const date = new Date().toISOString().slice(0, 10);
  return { format: 2, date, machine: describeMachine(), sampleMs, runs, models, curves };
}

/** Whole models, or a record without rows where Python cannot make them. A quick run has single rows only. */
async function measureAllModels({ threads, rounds, sampleMs, quick }: BenchArguments): Promise<ModelRecord> {
  try {
    return await measureModels({
      rounds: rounds.at(-1) as number,
      sampleMs,
      threads: resolveThreads(threads, backendInfo().cpu.usableCpus),
      batches: quick ? [1] : [1, 64],
      models: null,
    });
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    progress(`without whole models: ${error.message}`);
    const date = new Date().toISOString().slice(0, 10);
    return { format: 1, date, machine: describeMachine(), rows: [], skipped: [error.message] };
  }
}

/** JSON with each list of numbers on one line. */
function formatRecord(record: BenchRecord): string {
  return `${JSON.stringify(record, null, 1).replace(/\[[\s\d.,e+-]+\]/g, (list) => list.replace(/\s+/g, " "))}\n`;
}

async function main(): Promise<void> {
  const args = readArguments(process.argv.slice(2));
  // Checked now: a file that cannot be written must not cost the measurements.
  for (const path of [args.json, args.curves, args.speed]) if (typeof path === "string") requireWritable(path);
  const record = args.report === null ? await measure(args) : readRecord(args.report);
  const json = formatRecord(record);
  // Written first: a table that cannot be formatted must not cost the measurements.
  if (typeof args.json === "string") writeFileSync(args.json, json);
  if (args.curves !== null) writeFileSync(args.curves, await drawCurves(record));
  if (args.speed !== null) writeFileSync(args.speed, await drawSpeed(record));
  process.stdout.write(args.json === true ? json : await formatReport(record));
}

try {
  await main();
} catch (error) {
  // Commander has said what is wrong, or helped.
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    console.error(error instanceof RangeError ? `bench: ${error.message}` : error);
    process.exitCode = 1;
  }
}
