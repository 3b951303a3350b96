import { setTimeout as sleep } from "node:timers/promises";
import type { Task } from "./contender.js";

/** Something measured once a round. */
export interface Sampler {
  readonly name: string;
  sample(): Promise<number>;
}

/** Rounds at the start that are not counted: JavaScript contenders share code, which V8 compiles anew for each. */
const UNCOUNTED = 2;

/** The calls that come before the measured ones. */
export interface RunIn {
  /** How many samples' time a task runs before its first sample: V8 may take longer than a sample to compile it. */
  runIn: number;
  /**
   * The number of calls at the start of each sample that are not counted, because other contenders have used the
   * caches.
   */
  uncountedCalls: number;
}

const RUN_IN: RunIn = { runIn: 5, uncountedCalls: 1 };

/**
 * One sample of every sampler a round, in an order drawn anew each round, so that a change of the machine's speed meets
 * all of them and nobody always follows the same neighbour. Values by name, in the order of rounds.
 */
export async function runRounds(
  samplers: readonly Sampler[],
  rounds: number,
  uncounted: number = UNCOUNTED,
): Promise<Map<string, number[]>> {
  const samples = new Map<string, number[]>(samplers.map(({ name }) => [name, []]));
  for (let round = -uncounted; round < rounds; round++) {
    for (const sampler of shuffled(samplers)) {
      // Thread pools spin for a while after their last call. The next sampler's time should not depend on it.
      await sleep(2);
      const value = await sampler.sample();
      if (round >= 0) samples.get(sampler.name)?.push(value);
    }
  }
  return samples;
}

function shuffled<T>(items: readonly T[]): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}

/**
 * A sampler of nanoseconds per call. The task is run in first, which makes what is made lazily; each sample then makes the
 * calls that are not counted, and as many as fill `sampleMs`.
 */
export async function taskSampler(
  name: string,
  task: Task,
  sampleMs: number,
  { runIn, uncountedCalls }: RunIn = RUN_IN,
): Promise<{ sampler: Sampler; calls: number }> {
  const wanted = sampleMs * 1e6;
  let calls = 1;
  let elapsed = await task.time(1);
  for (let ran = elapsed; ran < runIn * wanted; ran += elapsed) {
    elapsed = await task.time(calls);
    calls = Math.max(1, Math.min(2 * calls, Math.round((calls * wanted) / elapsed)));
  }
  const sample = async () => {
    if (uncountedCalls > 0) await task.time(uncountedCalls);
    return (await task.time(calls)) / calls;
  };
  return { sampler: { name, sample }, calls };
}
