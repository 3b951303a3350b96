// Measures whole Keras models, ours beside onnxruntime-node, tfjs and Keras, in turn. bench/README.md says what the numbers
// mean.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configure } from "../../dist/index.js";
import { PACKAGE_VERSION } from "../../dist/package_version.js";
import { root } from "../compile.js";
import { Unavailable } from "../contender.js";
import { describeMachine } from "../machine.js";
import { findPython } from "../peers/python.js";
import { progress } from "../progress.js";
import { runRounds, type Sampler, taskSampler } from "../rounds.js";
import { largestDifference, scaleOf } from "../statistics.js";
import { openKeras } from "./keras.js";
import {
  type BenchModel,
  type ModelContender,
  type ModelProblem,
  type ModelTask,
  readModels,
  readProblem,
} from "./model.js";
import { openOnnxRuntime } from "./onnxruntime.js";
import { ourModels } from "./ours.js";
import type { ModelMeasurement, ModelRecord, ModelRow } from "./report.js";
import { openTfjs } from "./tfjs.js";

/** Contenders whose outputs differ from Keras's by more than this do not compute the same. */
const TOLERANCE = 1e-4;

/** Says what is measured of whole models, and with how much effort. */
export interface ModelPlan {
  /** Samples of each contender. */
  readonly rounds: number;
  readonly sampleMs: number;
  /** The numbers of threads, and the rows of a call. */
  readonly threads: readonly number[];
  readonly batches: readonly number[];
  /** The names of the models; null for all. */
  readonly models: readonly string[] | null;
}

/**
 * Makes the models in a folder, by Keras. Throws `Unavailable` where Python does not have what that takes, and a
 * `RangeError` for a name that no model has.
 */
function makeModels(folder: string, { batches, models: wanted }: ModelPlan): BenchModel[] {
  const python = findPython(["keras", "tensorflow", "onnx"]);
  const script = join(root, "bench/models/make_models.py");
  const { status, stderr } = spawnSync(python, ["-B", script, folder, ...batches.map(String)], { encoding: "utf8" });
  if (status !== 0) throw new Unavailable(`make_models.py failed: ${stderr.trim().split("\n").at(-1)}`);
  const models = readModels(folder);
  const unknown = wanted?.find((wish) => models.every(({ name }) => name !== wish));
  if (unknown !== undefined) {
    throw new RangeError(`Expected models of ${models.map(({ name }) => name).join(", ")} but received ${unknown}`);
  }
  return models.filter(({ name }) => wanted === null || wanted.includes(name));
}

/** Measures all contenders with one model and batch, in turn. */
async function measureRow(
  contenders: readonly ModelContender[],
  problem: ModelProblem,
  { rounds, sampleMs }: ModelPlan,
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
      samplers.push((await taskSampler(contender.name, { ...task, output: null }, sampleMs)).sampler);
      found.push({ contender: contender.name, version: contender.version, difference });
    }
    const samples = await runRounds(samplers, rounds);
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

/** Measures every model, batch and number of threads. Rejects with `Unavailable` where Python cannot make the models. */
export async function measureModels(plan: ModelPlan): Promise<ModelRecord> {
  const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-models-"));
  try {
    progress("making the models with Keras");
    const models = makeModels(folder, plan);
    const rows: ModelRow[] = [];
    const skipped = new Set<string>();
    for (const threads of plan.threads) {
      configure({ threads });
      const contenders = await openContenders(threads, skipped);
      for (const model of models) {
        for (const batch of plan.batches) {
          progress(`${model.name}, batch ${batch}, ${threads} threads`);
          const measurements = await measureRow(contenders, readProblem(folder, model, batch), plan, skipped);
          rows.push({ model: model.name, batch, threads, measurements });
        }
      }
      for (const contender of contenders) contender.close();
    }
    const date = new Date().toISOString().slice(0, 10);
    return { format: 1, date, machine: describeMachine(), rows, skipped: [...skipped] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
