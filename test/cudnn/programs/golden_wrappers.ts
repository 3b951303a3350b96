// Runs the golden cases of Bidirectionals and stacks where every GRU takes the path that it chooses, and prints, by case,
// how far the results are from Keras's and how many calls of cuDNN computed them.
import { argumentsOfCall, type Wrapper, wrapperOf } from "../../composite/golden_layers.js";
import { runCalls, runPass } from "../../composite/golden_runs.js";
import { type GoldenWrapper, goldenWrappers } from "../../golden/wrappers.js";
import { Control } from "../control.js";
import { drawsDropout } from "../one_call.js";
import { tensorOf } from "./layers.js";

/** How far the results of a case are from Keras's, and how many calls of cuDNN computed them. */
export interface WrapperReport {
  /** Whether `explain()` says of every call that it is one cuDNN call. */
  explained: boolean;
  forward: number;
  /** `cudnnRNNForward`, or its replay, for one call of the case's, on average. */
  launches: number;
  /** Of results and gradients; null without gradients. */
  pass: { results: number; gradients: number; launches: number } | null;
}

export type GoldenWrappersReport = Record<string, WrapperReport>;

const control = Control.own();
const finite = (error: number) => Math.min(error, Number.MAX_VALUE);

/**
 * Returns how many calls of cuDNN `run` computed. A call that is captured is one that its graph's first launch computes, and
 * every further launch is the call again.
 */
async function launchesOf(run: () => Promise<unknown>): Promise<number> {
  const grown = await control.growth("calls.", run);
  const calls = [...grown].filter(([name]) => name.startsWith("cudnnRNN"));
  const replays = (grown.get("cuGraphLaunch") ?? 0) - (grown.get("cuStreamBeginCapture_v2") ?? 0);
  return calls.reduce((sum, [, each]) => sum + each, replays);
}

function explains(wrapper: Wrapper, golden: GoldenWrapper): boolean {
  return golden.calls.every((call) => {
    const { mask, training } = argumentsOfCall(call);
    const { one_cudnn_call } = wrapper.explain({
      inputs: tensorOf(call.inputs),
      ...(mask && { mask }),
      ...(training !== undefined && { training }),
    });
    return one_cudnn_call.met;
  });
}

async function reportOf(golden: GoldenWrapper): Promise<WrapperReport> {
  const wrapper = wrapperOf(golden, "auto");
  const explained = explains(wrapper, golden);
  // The first call of a kind has the self-checks in it.
  const [first] = golden.calls as [GoldenWrapper["calls"][0]];
  wrapper.call(tensorOf(first.inputs), argumentsOfCall(first));
  wrapper.dispose();
  let [forward, pass] = [0, null as WrapperReport["pass"]];
  const launches = await launchesOf(async () => {
    forward = finite(await runCalls(golden, "auto"));
  });
  if (golden.gradients !== undefined) {
    let [results, gradients] = [0, 0];
    const ofPass = await launchesOf(async () => {
      ({ results, gradients } = await runPass(golden, "auto"));
    });
    pass = { results: finite(results), gradients: finite(gradients), launches: ofPass / 2 };
  }
  return { explained, forward, launches: launches / 2 / golden.calls.length, pass };
}

const report: GoldenWrappersReport = {};
for (const golden of goldenWrappers()) if (!drawsDropout(golden)) report[golden.name] = await reportOf(golden);
process.stdout.write(JSON.stringify(report));
