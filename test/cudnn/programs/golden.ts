// Runs golden cases with `use_cudnn: true` and prints, by case, how far the results are from Keras's.
import { isDeepStrictEqual } from "node:util";
import { GRU, type GRUArgumentsWithUnits, type Tensor } from "cudnn-gru";
import { type GoldenCase, type GoldenTensor, goldenCases, numbersOf, relativeError } from "../../golden/reader.js";
import { eligible } from "../eligible.js";
import { argumentsOf, listed, tensorOf } from "./layers.js";

export interface GoldenReport {
  /** Worst relative error of outputs and losses, and of gradients; null without gradients. */
  cases: Record<string, { error: number; gradients: number | null }>;
  /** Cases that `explain()` would run on another path than expected. */
  misjudged: string[];
}

function layerOf(golden: GoldenCase, use_cudnn: boolean | "auto"): GRU {
  const gru = new GRU({ ...golden.arguments, use_cudnn } as GRUArgumentsWithUnits);
  gru.build([null, null, golden.call.inputs.shape[2] as number]);
  gru.setWeights(golden.weights.map(tensorOf));
  return gru;
}

function errorOf(found: Tensor | undefined, expected: GoldenTensor): number {
  if (found?.dtype !== expected.dtype || !isDeepStrictEqual(found.shape, expected.shape)) return Number.MAX_VALUE;
  return relativeError(numbersOf(found), numbersOf(expected));
}

function judgedOnCudnn(golden: GoldenCase): boolean {
  const gru = layerOf(golden, "auto");
  const all = golden.steps.every(({ call }) => {
    const { training = false, mask } = argumentsOf(call);
    const empty = call.inputs.shape.some((size) => size === 0);
    return gru.explain({ training, ...(mask && { mask }) }).path === "cudnn" && !empty;
  });
  gru.dispose();
  return all;
}

async function worstOutput(golden: GoldenCase): Promise<number> {
  const gru = layerOf(golden, true);
  let worst = 0;
  for (const step of golden.steps) {
    if (step.reset_before) gru.resetState();
    const carried = gru.states?.[0];
    const inputs = tensorOf(step.call.inputs);
    const results = listed(gru.call(inputs, argumentsOf(step.call)));
    const { losses } = gru;
    if (golden.arguments.stateful === true) gru.resetState(carried ?? gru.getInitialState(inputs.shape[0] ?? 0));
    const later = listed(await gru.callAsync(inputs, argumentsOf(step.call)));
    if (!isDeepStrictEqual(later, results) || !isDeepStrictEqual(gru.losses, losses))
      throw new Error(`${golden.name}: callAsync differs from call`);
    if (results.length !== step.outputs.length) throw new Error(`${golden.name}: ${results.length} outputs`);
    worst = Math.max(worst, ...step.outputs.map((output, i) => errorOf(results[i], output)));
    worst = Math.max(worst, relativeError(losses, step.losses));
  }
  gru.dispose();
  return worst;
}

async function worstGradient(golden: GoldenCase): Promise<number | null> {
  const { gradients, call } = golden;
  if (!gradients) return null;
  const gru = layerOf(golden, true);
  const [output, state] = gradients.upstream.map(tensorOf);
  const upstream = { ...(output && { output }), ...(state && { state }) };
  const pass = gru.forward(tensorOf(call.inputs), argumentsOf(call));
  let worst = errorOf(pass.output, golden.outputs[0] as GoldenTensor);
  worst = Math.max(worst, relativeError(pass.losses, golden.losses));
  const found = pass.backward(upstream);
  const later = await gru.forwardAsync(tensorOf(call.inputs), argumentsOf(call));
  if (!isDeepStrictEqual(await later.backwardAsync(upstream), found))
    throw new Error(`${golden.name}: backwardAsync differs from backward`);
  worst = Math.max(worst, errorOf(found.inputs, gradients.inputs));
  if (gradients.initial_state) worst = Math.max(worst, errorOf(found.initial_state, gradients.initial_state));
  worst = Math.max(worst, ...gradients.weights.map((weight, i) => errorOf(found.weights[i], weight)));
  gru.dispose();
  return worst;
}

const report: GoldenReport = { cases: {}, misjudged: [] };
for (const golden of goldenCases()) {
  const expected = eligible(golden);
  if (judgedOnCudnn(golden) !== expected) report.misjudged.push(golden.name);
  if (!expected) continue;
  const gradients = await worstGradient(golden);
  // JSON has no Infinity, which relativeError returns for a wrong shape or position of NaN.
  report.cases[golden.name] = {
    error: Math.min(await worstOutput(golden), Number.MAX_VALUE),
    gradients: gradients === null ? null : Math.min(gradients, Number.MAX_VALUE),
  };
}
process.stdout.write(JSON.stringify(report));
