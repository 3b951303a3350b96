// npm run bench:models -- [options]: five whole Keras models, ours beside onnxruntime-node, tfjs and Keras, interleaved in one
// run. bench/README.md says what the numbers mean. Never a test.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { backendInfo, configure } from "../../dist/index.js";
import { PACKAGE_VERSION } from "../../dist/package_version.js";
import { root } from "../compile.js";
import { Unavailable } from "../contender.js";
import { describeMachine } from "../machine.js";
import { findPython } from "../peers/python.js";
import { progress } from "../progress.js";
import { runRounds, type Sampler, taskSampler } from "../rounds.js";
import { largestDifference, scaleOf } from "../statistics.js";
import { openKeras } from "./keras.js";
import { type BenchModel, type ModelContender, type ModelTask, readModels, readProblem } from "./model.js";
import { openOnnxRuntime } from "./onnxruntime.js";
import { ourModels } from "./ours.js";
import { formatModels, type ModelMeasurement, type ModelRecord, type ModelRow } from "./report.js";
import { openTfjs } from "./tfjs.js";

/** Contenders whose outputs differ from Keras's by more than this do not compute the same. */
const TOLERANCE = 1e-4;

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
const effort = { rounds: Number(options.rounds), sampleMs: Number(options.sampleMs) };

/** Makes the models in a folder, by Keras. Throws `Unavailable` where Python does not have what that takes. */
function makeModels(folder: string, batches: readonly string[]): BenchModel[] {
  const python = findPython(["keras", "tensorflow", "onnx"]);
  const script = join(root, "bench/models/make_models.py");
  const { status, stderr } = spawnSync(python, ["-B", script, folder, ...batches], { encoding: "utf8" });
  if (status !== 0) throw new Unavailable(`make_models.py failed: ${stderr.trim().split("\n").at(-1)}`);
  const wanted = options.models === undefined ? null : listOf(options.models);
  return readModels(folder).filter(({ name }) => wanted === null || wanted.includes(name));
}

/** Measures all contenders with one model and batch, in turn. */
async function measureRow(
  contenders: readonly ModelContender[],
  problem: ReturnType<typeof readProblem>,
  skipped: Set<string>,
): Promise<ModelMeasurement[]> {
  const tasks: ModelTask[] = [];
  const samplers: Sampler[] = [];
  const found: Omit<ModelMeasurement, "nanoseconds">[] = [];
  try {
    for (const contender of contenders) {
      const reason = contender.declines(problem);
      if (reason !== null) {
        skipped.add(`${contender.name} (${reason})`);
        continue;
      }
      const task = await contender.prepare(problem);
      tasks.push(task);
      const differences = task.outputs?.map((output, index) => {
        const expected = problem.expected[index] as Float32Array;
        return largestDifference(output, expected) / scaleOf(expected);
      });
      const difference = differences === undefined ? null : Math.max(...differences);
      if (difference !== null && !(difference <= TOLERANCE)) {
        skipped.add(`${contender.name} at ${problem.model.name} (computes other numbers, by up to ${difference})`);
        continue;
      }
      samplers.push((await taskSampler(contender.name, { ...task, output: null }, effort.sampleMs)).sampler);
      found.push({ contender: contender.name, version: contender.version, difference });
    }
    const samples = await runRounds(samplers, effort.rounds);
    return found.map((one) => ({ ...one, nanoseconds: samples.get(one.contender) ?? [] }));
  } finally {
    for (const task of tasks) await task.close();
  }
}

/** Opens the contenders that this machine has; ours first. */
async function openContenders(threads: number, skipped: Set<string>): Promise<ModelContender[]> {
  const opened = [ourModels(PACKAGE_VERSION, "predict"), ourModels(PACKAGE_VERSION, "predictAsync")];
  for (const open of [openOnnxRuntime, openTfjs, openKeras]) {
    try {
      opened.push(await open(threads));
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      skipped.add(error.message);
    }
  }
  return opened;
}

const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-models-"));
try {
  progress("making the models with Keras");
  const batches = listOf(options.batches);
  const models = makeModels(folder, batches);
  const rows: ModelRow[] = [];
  const skipped = new Set<string>();
  for (const count of listOf(options.threads)) {
    const threads = count === "all" ? backendInfo().cpu.usableCpus : Number(count);
    configure({ threads });
    const contenders = await openContenders(threads, skipped);
    for (const model of models) {
      for (const batch of batches.map(Number)) {
        progress(`${model.name}, batch ${batch}, ${threads} threads`);
        const measurements = await measureRow(contenders, readProblem(folder, model, batch), skipped);
        rows.push({ model: model.name, batch, threads, measurements });
      }
    }
    for (const contender of contenders) contender.close();
  }
  const date = new Date().toISOString().slice(0, 10);
  const record: ModelRecord = { format: 1, date, machine: describeMachine(), rows, skipped: [...skipped] };
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(record, null, 1)}\n`);
  process.stdout.write(await formatModels(record));
} catch (error) {
  console.error(error instanceof Unavailable ? `bench: ${error.message}` : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
