import type { Contender, Task } from "./contender.js";
import { type ElementType, FMA, type Limits, READ } from "./limits.js";
import type { Problem } from "./problem.js";
import type { Measurement, ShapeRecord, Skipped } from "./record.js";
import { runRounds, type Sampler, taskSampler } from "./rounds.js";
import { recurrentBytes } from "./shapes.js";
import { largestDifference, scaleOf } from "./statistics.js";

/** The time and the number of rounds of a measurement. */
export interface Effort {
  threads: number;
  rounds: number;
  sampleMs: number;
}

/** What the outputs of contenders are compared with. */
export interface Reference {
  /** The type that our layer computes in. */
  readonly type: ElementType;
  /** The output of our layer for a problem. */
  compute(problem: Problem, resetAfter: boolean): Float32Array;
  /** Contenders that differ from it by more than this, outputs being of the size of 1, do not compute the same. */
  readonly tolerance: number;
}

/** The tolerance in float32. */
export const FLOAT32_TOLERANCE = 1e-4;

/** The tolerance between layers that round their states to bfloat16 at every step, and others. */
export const BFLOAT16_TOLERANCE = 3e-2;

/** Measures all contenders and the machine's limits at one shape, interleaved; no memory. */
export async function measureShape(
  problem: Problem,
  contenders: readonly Contender[],
  limits: Limits | null,
  effort: Effort,
  { type, compute, tolerance }: Reference,
): Promise<ShapeRecord> {
  const { shape } = problem;
  const tasks: Task[] = [];
  const readSize = type === "float32" ? recurrentBytes(shape) : recurrentBytes(shape) / 2;
  const samplers: Sampler[] = limits?.samplers(type, readSize, effort.sampleMs) ?? [];
  const measurements: Measurement[] = [];
  const skipped: Skipped[] = [];
  try {
    const expected = new Map<boolean, Float32Array>();
    const differenceOf = (output: Float32Array, resetAfter: boolean) => {
      const ours = expected.get(resetAfter) ?? compute(problem, resetAfter);
      expected.set(resetAfter, ours);
      return largestDifference(output, ours) / scaleOf(ours);
    };
    for (const contender of contenders) {
      const reason = contender.declines(shape);
      if (reason !== null) {
        skipped.push({ contender: contender.name, reason });
        continue;
      }
      const task = await contender.prepare(problem);
      tasks.push(task);
      const { name, version, role, resetAfter } = contender;
      const difference = task.output && differenceOf(task.output, resetAfter);
      if (difference !== null && difference > tolerance) {
        skipped.push({ contender: name, reason: `computes other numbers, by up to ${difference}` });
        continue;
      }
      const { sampler, calls } = await taskSampler(name, task, effort.sampleMs);
      samplers.push(sampler);
      measurements.push({ contender: name, version, role, resetAfter, difference, calls, nanoseconds: [] });
    }
    const samples = await runRounds(samplers, effort.rounds);
    const of = (name: string, digits: number) => (samples.get(name) ?? []).map((x) => Number(x.toPrecision(digits)));
    for (const measurement of measurements) measurement.nanoseconds = of(measurement.contender, 6);
    const machine = limits === null ? null : { fma: of(FMA, 6), read: of(READ, 6), readSize };
    return { shape, limits: machine, measurements, skipped, memory: null };
  } finally {
    for (const task of tasks) await task.close();
  }
}
