import type { Contender, Task } from "./contender.js";
import { FMA, type Limits, READ } from "./limits.js";
import { measureMemory } from "./memory.js";
import { computeOurs } from "./peers/cudnn_gru.js";
import { makeProblem } from "./problem.js";
import type { Measurement, ShapeRecord, Skipped } from "./record.js";
import { runRounds, type Sampler, taskSampler } from "./rounds.js";
import { recurrentBytes, type Shape } from "./shapes.js";
import { largestDifference, scaleOf } from "./statistics.js";

/** How long and how often to measure. */
export interface Effort {
  threads: number;
  /** Contenders compute gradients, the first of them ours. */
  training: boolean;
  rounds: number;
  sampleMs: number;
}

/** Outputs lie in [-1, 1], and gradients are divided by their scale; contenders that differ by more than this do not compute the same layer. */
const TOLERANCE = 1e-4;

/** Measures all contenders and the machine's limits at one shape, interleaved. */
export async function measureShape(
  shape: Shape,
  contenders: readonly Contender[],
  limits: Limits | null,
  effort: Effort,
): Promise<ShapeRecord> {
  const memory = effort.training ? null : measureMemory(shape, effort.threads);
  const tasks: Task[] = [];
  const samplers: Sampler[] = limits?.samplers(recurrentBytes(shape), effort.sampleMs) ?? [];
  const measurements: Measurement[] = [];
  const skipped: Skipped[] = [];
  try {
    const problem = makeProblem(shape);
    const expected = effort.training ? null : { true: computeOurs(problem, true), false: computeOurs(problem, false) };
    for (const contender of contenders) {
      const reason = contender.declines(shape);
      if (reason !== null) {
        skipped.push({ contender: contender.name, reason });
        continue;
      }
      const task = await contender.prepare(problem);
      tasks.push(task);
      const reference = expected === null ? (tasks[0] as Task).output : expected[`${contender.resetAfter}`];
      const difference = largestDifference(task.output, reference) / (effort.training ? scaleOf(reference) : 1);
      if (difference > TOLERANCE) {
        skipped.push({ contender: contender.name, reason: `computes other numbers, by up to ${difference}` });
        continue;
      }
      const { sampler, calls } = await taskSampler(contender.name, task, effort.sampleMs);
      samplers.push(sampler);
      const { name, version, resetAfter } = contender;
      measurements.push({ contender: name, version, resetAfter, difference, calls, nanoseconds: [] });
    }
    const samples = await runRounds(samplers, effort.rounds);
    const of = (name: string, digits: number) => (samples.get(name) ?? []).map((x) => Number(x.toPrecision(digits)));
    for (const measurement of measurements) measurement.nanoseconds = of(measurement.contender, 6);
    const machine = limits === null ? null : { fma: of(FMA, 6), read: of(READ, 6), readSize: recurrentBytes(shape) };
    return { shape, limits: machine, measurements, skipped, memory };
  } finally {
    for (const task of tasks) await task.close();
  }
}
