import { backendInfo, configure, type GRU } from "../../dist/index.js";
import type { Task } from "../contender.js";
import { makeInputs, makeLayer, timeCalls } from "../peers/cudnn_gru.js";
import { makeProblem } from "../problem.js";
import { progress } from "../progress.js";
import type { CurvePoint, CurveRecord } from "../record.js";
import { type RunIn, runRounds, type Sampler, taskSampler } from "../rounds.js";
import type { Shape } from "../shapes.js";
import { type CurvePlan, planCurves, pointAt } from "./plan.js";

/** There are many points, and each stands beside its neighbours. */
const EFFORT = { rounds: 7, sampleMs: 6 };
const QUICK_EFFORT = { rounds: 2, sampleMs: 0.5 };
const RUN_IN: RunIn = { runIn: 2, uncountedCalls: 1 };
const UNCOUNTED_ROUNDS = 1;

/** Measures every curve, the points of one interleaved: a change of the machine's speed makes no bend. */
export async function measureCurves(quick: boolean): Promise<CurveRecord[]> {
  const { threads, usableCpus } = backendInfo().cpu;
  const records: CurveRecord[] = [];
  try {
    for (const plan of planCurves(usableCpus, quick)) records.push(await measureCurve(plan, quick));
  } finally {
    configure({ threads });
  }
  return records;
}

async function measureCurve(plan: CurvePlan, quick: boolean): Promise<CurveRecord> {
  const { axis, series, sizes } = plan;
  progress(`curve over ${axis}, ${series}`);
  const { rounds, sampleMs } = quick ? QUICK_EFFORT : EFFORT;
  const tasks: Task[] = [];
  const samplers: Sampler[] = [];
  const points: CurvePoint[] = [];
  try {
    for (const size of sizes) {
      const { shape, threads } = pointAt(plan, size);
      const task = lentTask(shape);
      tasks.push(task);
      configure({ threads });
      const { sampler, calls } = await taskSampler(String(size), task, sampleMs, RUN_IN);
      const sample = () => {
        configure({ threads });
        return sampler.sample();
      };
      samplers.push({ name: sampler.name, sample });
      points.push({ shape, threads, calls, nanoseconds: [] });
    }
    const samples = await runRounds(samplers, rounds, UNCOUNTED_ROUNDS);
    for (const [index, point] of points.entries()) {
      point.nanoseconds = (samples.get(String(sizes[index])) ?? []).map((x) => Number(x.toPrecision(5)));
    }
    return { axis, series, points };
  } finally {
    for (const task of tasks) await task.close();
  }
}

/** Our layer writing to an array of its caller: allocation and the garbage collector have bends of their own. */
function lentTask(shape: Shape): Task {
  const problem = makeProblem(shape);
  const gru = makeLayer(problem, { return_sequences: true, return_state: false }) as GRU<false>;
  const inputs = makeInputs(problem);
  const out = new Float32Array(shape.batch * shape.timesteps * shape.units);
  return {
    output: null,
    time: async (calls) => timeCalls(() => gru.call(inputs, { out }), calls),
    close: () => gru.dispose(),
  };
}
