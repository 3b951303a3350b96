import type { CompositeGradients, Tensor } from "cudnn-gru";
import { afterAll, describe, expect, it } from "vitest";
import { type GoldenDtype, type GoldenTensor, numbersOf, relativeError, TOLERANCE } from "../golden/reader.js";
import { type GoldenWrapper, goldenWrappers } from "../golden/wrappers.js";
import { tensorOf } from "../layers/golden_layers.js";
import { argumentsOfCall, injectAll, wrapperOf } from "./golden_layers.js";

/** Largest relative error allowed of a gradient, by dtype: those of the layer. */
const GRADIENT_TOLERANCE: Readonly<Record<GoldenDtype, number>> = { ...TOLERANCE, float32: 1e-4, float64: 1e-10 };

const worst = new Map<string, { cases: number; error: number; name: string }>();

function note(kind: string, golden: GoldenWrapper, error: number): void {
  const key = `${kind} of ${golden.group}, ${golden.tolerance}`;
  const record = worst.get(key) ?? { cases: 0, error: 0, name: "" };
  worst.set(key, record);
  record.cases += 1;
  if (error > record.error) Object.assign(record, { error, name: golden.name });
}

function listOf(result: unknown): Tensor[] {
  return (Array.isArray(result) ? result : [result]) as Tensor[];
}

/** The greatest error of results against Keras's. Shapes must be equal. */
function errorOf(found: readonly Tensor[], wanted: readonly GoldenTensor[]): number {
  expect(found.map(({ shape }) => shape)).toEqual(wanted.map(({ shape }) => shape));
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
  expect(found).toHaveLength(wanted.length);
  const ordered = (losses: readonly number[]) =>
    golden.layers.length === 1 ? losses : [...losses].sort((a, b) => a - b);
  return relativeError(ordered(found), ordered(wanted));
}

/** Runs every call of a case synchronously and asynchronously, which must agree to the bit. */
async function runCalls(golden: GoldenWrapper): Promise<number> {
  const wrapper = wrapperOf(golden);
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
    expect(await wrapper.callAsync(tensorOf(call.inputs), argumentsOfCall(call))).toEqual(result);
    expect(wrapper.losses).toEqual(losses);
    error = Math.max(error, errorOf(listOf(result), call.outputs), lossError(golden, losses, call.losses));
  }
  wrapper.dispose();
  return error;
}

/** Runs a pass synchronously and asynchronously, which must agree to the bit. */
async function runPass(golden: GoldenWrapper): Promise<{ results: number; gradients: number }> {
  const wanted = golden.gradients as NonNullable<GoldenWrapper["gradients"]>;
  const [call] = golden.calls as [GoldenWrapper["calls"][0]];
  const run = async (asynchronous: boolean) => {
    const wrapper = wrapperOf(golden);
    injectAll(wrapper, call);
    const [inputs, args] = [tensorOf(call.inputs), argumentsOfCall(call)];
    const pass = asynchronous ? await wrapper.forwardAsync(inputs, args) : wrapper.forward(inputs, args);
    const outputs = listOf(pass.output);
    const upstream = wanted.upstream.map(tensorOf);
    const own = upstream.slice(0, outputs.length);
    const states = golden.return_state ? upstream.slice(outputs.length) : null;
    const gradient = { output: own.length === 1 ? (own[0] as Tensor) : own, states };
    const gradients = asynchronous ? await pass.backwardAsync(gradient) : pass.backward(gradient);
    wrapper.dispose();
    return { results: [...outputs, ...pass.states], losses: pass.losses, gradients };
  };
  const found = await run(false);
  expect(await run(true)).toEqual(found);
  const { inputs, initial_state, weights }: CompositeGradients = found.gradients;
  const errors = [errorOf([inputs], [wanted.inputs]), errorOf(weights, wanted.weights)];
  if (wanted.initial_state !== undefined) errors.push(errorOf(initial_state, wanted.initial_state));
  const results = Math.max(
    errorOf(found.results.slice(0, call.outputs.length), call.outputs),
    lossError(golden, found.losses, call.losses),
  );
  return { results, gradients: Math.max(...errors) };
}

const cases = goldenWrappers();

it("there are cases of every kind", () => {
  expect(new Set(cases.map(({ group }) => group))).toEqual(
    new Set([
      "bidirectional",
      "stateful_bidirectional",
      "bidirectional_gradients",
      "bidirectional_dtypes",
      "stacks",
      "stack_gradients",
    ]),
  );
});

describe.each([...new Set(cases.map(({ group }) => group))])("golden data: %s", (group) => {
  for (const golden of cases.filter((one) => one.group === group)) {
    it(golden.name, async () => {
      const error = await runCalls(golden);
      note("results", golden, error);
      expect(error).toBeLessThanOrEqual(TOLERANCE[golden.tolerance]);
      if (golden.gradients === undefined) return;
      const { results, gradients } = await runPass(golden);
      note("gradients", golden, gradients);
      expect(results).toBeLessThanOrEqual(TOLERANCE[golden.tolerance]);
      expect(gradients).toBeLessThanOrEqual(GRADIENT_TOLERANCE[golden.tolerance]);
    });
  }
});

afterAll(() => {
  for (const [key, { cases: ran, error, name }] of worst) {
    console.log(`golden ${key}: ${ran} cases, worst relative error ${error.toExponential(2)} (${name})`);
  }
});
