import type { Task } from "./contender.js";
import type { Effort } from "./measure.js";
import type { OrthogonalMaker } from "./peers/orthogonal.js";
import type { OrthogonalRecord, OrthogonalTiming } from "./record.js";
import { runRounds, type Sampler, taskSampler } from "./rounds.js";
import { deviationOfRows } from "./statistics.js";

const SIZES = [64, 128, 256, 512, 1024, 2048];
const QUICK_SIZES = [64, 256];

/** Large matrices take so long that nothing short disturbs them. */
const LARGE = 1024;
const ROUNDS = 7;
const ROUNDS_WHEN_LARGE = 3;

/** The arithmetic of one matrix is large beside what caches and compilers change. */
const BRIEF = { runIn: 1, uncountedCalls: 0 };

/** Measures how long all makers, ours first, take for one matrix of each size, interleaved. */
export async function measureOrthogonal(
  makers: readonly OrthogonalMaker[],
  { rounds, sampleMs }: Effort,
  quick: boolean,
): Promise<OrthogonalRecord[]> {
  const records: OrthogonalRecord[] = [];
  for (const units of quick ? QUICK_SIZES : SIZES) {
    const most = units < LARGE ? ROUNDS : ROUNDS_WHEN_LARGE;
    records.push(await measureSize(units, makers, Math.min(rounds, most), sampleMs));
  }
  return records;
}

async function measureSize(
  units: number,
  makers: readonly OrthogonalMaker[],
  rounds: number,
  sampleMs: number,
): Promise<OrthogonalRecord> {
  const tasks: Task[] = [];
  const samplers: Sampler[] = [];
  const timings: OrthogonalTiming[] = [];
  try {
    for (const maker of makers) {
      const { name, version, role } = maker;
      const task = await maker.prepare(units);
      tasks.push(task);
      const { sampler, calls } = await taskSampler(name, task, sampleMs, BRIEF);
      samplers.push(sampler);
      const deviation = deviationOfRows(task.output as Float32Array, units, 3 * units);
      timings.push({ contender: name, version, role, calls, deviation, nanoseconds: [] });
    }
    const samples = await runRounds(samplers, rounds, 0);
    for (const timing of timings) {
      timing.nanoseconds = (samples.get(timing.contender) ?? []).map((x) => Number(x.toPrecision(6)));
    }
    return { units, timings };
  } finally {
    for (const task of tasks) await task.close();
  }
}
