// Stacks of layers through the addon, on the doubles, against the same stacks on the CPU.
import type { NativeArray } from "../../../dist/native/binding.js";
import { relativeError } from "../../golden/reader.js";
import { Control } from "../control.js";

export interface StacksReport {
  stacks: { name: string; forward: number; gradients: number; launches: number }[];
  /** Counters of living objects that differ after all stacks have gone, between the first and the second time. */
  leaks: string[];
}

interface Form {
  merge: string | null;
  returnSequences: boolean;
  lengths: Int32Array | null;
}
type Results = Record<"forward" | "gradients", NativeArray[]>;

const { callOf, formsOf, resultsOf } = await import("../../gpu/stack_results.mjs" as string);
const control = Control.own();

const SHAPES = [
  { layers: 2, directions: 1, dtype: "float64" },
  { layers: 1, directions: 2, dtype: "float64" },
  { layers: 2, directions: 2, dtype: "float32" },
].map((shape) => ({ batch: 4, timesteps: 6, features: 5, units: 7, ...shape }));

const worstOf = (ours: NativeArray[], theirs: NativeArray[]) =>
  Math.max(...ours.map((array, at) => relativeError(array, theirs[at] as NativeArray)));

async function run(): Promise<StacksReport["stacks"]> {
  const found: StacksReport["stacks"] = [];
  for (const shape of SHAPES) {
    for (const { lengths, ...options } of formsOf(shape) as Iterable<Form>) {
      const call = callOf(shape, lengths);
      let ours: Results | undefined;
      const calls = await control.growth("calls.cudnnRNN", () => {
        ours = resultsOf(shape, { ...options, dtype: shape.dtype }, call, "cudnn");
      });
      const cpu: Results = resultsOf(shape, { ...options, dtype: shape.dtype }, call, "cpu");
      const { forward, gradients } = ours as unknown as Results;
      found.push({
        name: JSON.stringify({ ...shape, ...options, lengths: lengths !== null }),
        forward: worstOf(forward, cpu.forward),
        gradients: worstOf(gradients, cpu.gradients),
        launches: [...calls.values()].reduce((sum, each) => sum + each, 0),
      });
    }
  }
  return found;
}

const living = () => [...control.counters()].filter(([name]) => name.startsWith("live."));

// The first round has the self-checks in it.
await run();
const before = living();
const stacks = await run();
const after = new Map(living());
const leaks = before.filter(([name, count]) => after.get(name) !== count).map(([name]) => name);
console.log(JSON.stringify({ stacks, leaks } satisfies StacksReport));
