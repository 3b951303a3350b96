import type { Task } from "./contender.js";
import type { Effort } from "./measure.js";
import type { OrthogonalMaker } from "./peers/orthogonal.js";
import type { OrthogonalRecord, OrthogonalTiming } from "./record.js";
import { runRounds, type Sampler, taskSampler } from "./rounds.js";
import { deviationOfRows } from "./statistics.js";

/** Sizes, and the most rounds for each: large matrices take so long that nothing short disturbs them. */
const SIZES = new Map([
  [64, 7],
  [128, 7],
  [256, 7],
  [512, 5],
  [1024, 2],
  [2048, 1],
]);

/** The greatest size of a quick run. */
const QUICK = 128;

/** A maker that would take more nanoseconds for one matrix is left out, going by half the size and the cube of that. */
const MOST = 6e9;

/** The arithmetic of one matrix is large beside what caches and compilers change. */
const BRIEF = { runIn: 1, uncountedCalls: 0 };

/** Measures how long all makers, ours first, take for one matrix of each size, interleaved. */
export async function measureOrthogonal(
  makers: readonly OrthogonalMaker[],
  { rounds, sampleMs }: Effort,
  quick: boolean,
): Promise<OrthogonalRecord[]> {
  const records: OrthogonalRecord[] = [];
  for (const [units, most] of SIZES) {
    if (quick && units > QUICK) break;
    const last = new Map(records.at(-1)?.timings.map(({ contender, nanoseconds }) => [contender, nanoseconds]));
    const [ours, ...peers] = makers as [OrthogonalMaker, ...OrthogonalMaker[]];
    const swift = peers.filter(({ name }) => records.length === 0 || 8 * Math.min(...(last.get(name) ?? [])) <= MOST);
    records.push(await measureSize(units, [ours, ...swift], Math.min(rounds, most), sampleMs));
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
