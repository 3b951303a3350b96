// Runs the golden cases of Bidirectionals and stacks, and says how far the results are from Keras's.
import { isDeepStrictEqual } from "node:util";
import type { CompositeGradients, Tensor } from "cudnn-gru";
import { type GoldenTensor, numbersOf, relativeError } from "../golden/reader.js";
import type { GoldenWrapper } from "../golden/wrappers.js";
import { tensorOf } from "../layers/golden_layers.js";
import { argumentsOfCall, injectAll, type UseCudnn, wrapperOf } from "./golden_layers.js";

/** The errors of a pass: of its results and losses, and of the gradients. */
export interface PassErrors {
  results: number;
  gradients: number;
}

function listOf(result: unknown): Tensor[] {
  return (Array.isArray(result) ? result : [result]) as Tensor[];
}

/** The greatest error of results against Keras's. Another number of results, or another shape, is infinitely wrong. */
function errorOf(found: readonly Tensor[], wanted: readonly GoldenTensor[]): number {
  const shapes = (tensors: readonly { shape: readonly number[] }[]) => tensors.map(({ shape }) => [...shape]);
  if (!isDeepStrictEqual(shapes(found), shapes(wanted))) return Number.POSITIVE_INFINITY;
  return Math.max(
    0,
    ...wanted.map((tensor, index) => relativeError(numbersOf(found[index] as Tensor), numbersOf(tensor))),
  );
}

/**
 * The error of losses. A Sequential model of Keras lists the losses of a backward half before those of the forward
 * half, and a Bidirectional the other way round, so the losses of stacks are compared in ascending order.
 */
function lossError(golden: GoldenWrapper, found: readonly number[], wanted: readonly number[]): number {
  const ordered = (losses: readonly number[]) =>
    golden.layers.length === 1 ? losses : [...losses].sort((a, b) => a - b);
  return relativeError(ordered(found), ordered(wanted));
}

function requireEqual(golden: GoldenWrapper, what: string, found: unknown, wanted: unknown): void {
  if (!isDeepStrictEqual(found, wanted))
    throw new Error(`${golden.name}: ${what} differ when computed asynchronously.`);
}

/** Runs every call of a case synchronously and asynchronously, which must agree to the bit, and returns the worst error. */
export async function runCalls(golden: GoldenWrapper, useCudnn: UseCudnn): Promise<number> {
  const wrapper = wrapperOf(golden, useCudnn);
  let error = 0;
  for (const call of golden.calls) {
    if (call.reset_before) wrapper.resetState();
    injectAll(wrapper, call);
    const carried = wrapper.states;
    const result = wrapper.call(tensorOf(call.inputs), argumentsOfCall(call));
    const { losses } = wrapper;
    if (wrapper.states !== null) {
      wrapper.resetState(carried ?? wrapper.getInitialState(call.inputs.shape[0] as number));
    }
    const later = await wrapper.callAsync(tensorOf(call.inputs), argumentsOfCall(call));
    requireEqual(golden, "results", later, result);
    requireEqual(golden, "losses", wrapper.losses, losses);
    error = Math.max(error, errorOf(listOf(result), call.outputs), lossError(golden, losses, call.losses));
  }
  wrapper.dispose();
  return error;
}

async function passOf(golden: GoldenWrapper, useCudnn: UseCudnn, asynchronous: boolean) {
  const { upstream: wanted } = golden.gradients as NonNullable<GoldenWrapper["gradients"]>;
  const [call] = golden.calls as [GoldenWrapper["calls"][0]];
  const wrapper = wrapperOf(golden, useCudnn);
  injectAll(wrapper, call);
  const [inputs, args] = [tensorOf(call.inputs), argumentsOfCall(call)];
  const pass = asynchronous ? await wrapper.forwardAsync(inputs, args) : wrapper.forward(inputs, args);
  const outputs = listOf(pass.output);
  const upstream = wanted.map(tensorOf);
  const own = upstream.slice(0, outputs.length);
  const states = golden.return_state ? upstream.slice(outputs.length) : null;
  const gradient = { output: own.length === 1 ? (own[0] as Tensor) : own, states };
  const gradients = asynchronous ? await pass.backwardAsync(gradient) : pass.backward(gradient);
  wrapper.dispose();
  return { results: [...outputs, ...pass.states], losses: pass.losses, gradients };
}

/** Runs the pass of a case with gradients synchronously and asynchronously, which must agree to the bit. */
export async function runPass(golden: GoldenWrapper, useCudnn: UseCudnn): Promise<PassErrors> {
  const wanted = golden.gradients as NonNullable<GoldenWrapper["gradients"]>;
  const [call] = golden.calls as [GoldenWrapper["calls"][0]];
  const found = await passOf(golden, useCudnn, false);
  requireEqual(golden, "passes", await passOf(golden, useCudnn, true), found);
  const { inputs, initial_state, weights }: CompositeGradients = found.gradients;
  const errors = [errorOf([inputs], [wanted.inputs]), errorOf(weights, wanted.weights)];
  if (wanted.initial_state !== undefined) errors.push(errorOf(initial_state, wanted.initial_state));
  const results = Math.max(
    errorOf(found.results.slice(0, call.outputs.length), call.outputs),
    lossError(golden, found.losses, call.losses),
  );
  return { results, gradients: Math.max(...errors) };
}
