import { resourceUsage } from "node:process";
import { configure } from "cudnn-gru";
import type { Case, Target } from "../target.js";
import { batch } from "./batches.js";
import { callOnce, callSeveral } from "./calls.js";
import { anything } from "./junk.js";
import { layerPlan } from "./layers.js";
import { optimize } from "./optimizers.js";
import { forwardBackward } from "./passes.js";
import { polluted, terminated } from "./realm.js";
import { stream } from "./streams.js";
import { attempt, codeOf, Twins } from "./twins.js";
import { change } from "./weights.js";
import { wrap } from "./wrappers.js";

const STEPS = [
  [8, callOnce],
  [2, callSeveral],
  [4, forwardBackward],
  [2, stream],
  [2, batch],
  [2, optimize],
  [2, wrap],
  [3, change],
  [6, anything],
  [0.3, polluted],
  [0.01, terminated],
] as const;

/** The limits of one step, in seconds of CPU time and MB of memory. */
const SECONDS = 3;
const MEGABYTES = 300;

/** Runs one step, and reports it when it takes too long or too much memory. */
async function bounded(one: Case, twins: Twins, step: (twins: Twins) => Promise<void>): Promise<void> {
  const before = resourceUsage();
  const resident = process.memoryUsage.rss() / 2 ** 20;
  await step(twins);
  const after = resourceUsage();
  const seconds = (after.userCPUTime - before.userCPUTime + after.systemCPUTime - before.systemCPUTime) / 1e6;
  if (seconds > SECONDS && step !== terminated)
    one.report(`${step.name}: more than ${SECONDS} s of CPU time`, `${seconds.toFixed(1)} s`);
  if (after.maxRSS > before.maxRSS && after.maxRSS / 1024 - resident > MEGABYTES) {
    one.report(`${step.name}: more than ${MEGABYTES} MB`, `${(after.maxRSS / 1024 - resident).toFixed(0)} MB`);
  }
}

/** Random layers, each with a history of hostile calls over the whole public surface. */
export const target: Target = {
  async run(one) {
    configure({ threads: 1 + one.random.below(2), maxQueue: Number.POSITIVE_INFINITY });
    const plan = layerPlan(one.random);
    one.step(`a layer: ${JSON.stringify(plan.args)}`);
    const twins = new Twins(one, plan);
    for (let left = 4 + one.random.below(12); left > 0 && !twins.over; left--) {
      await bounded(one, twins, one.random.weighted(STEPS));
    }
    one.step(`dispose of ${twins.says}`);
    twins.gru.dispose();
    twins.gru.dispose();
    for (const use of [
      () => twins.gru.call(twins.inputs(1, 1)),
      () => twins.gru.callAsync(twins.inputs(1, 1)),
      () => twins.gru.weights,
    ]) {
      const outcome = await attempt(use);
      if (codeOf(outcome) !== "ERR_DISPOSED") one.report(`a disposed layer: ${codeOf(outcome)}`);
    }
    twins.twin.dispose();
  },
};
