import { GRU, tensor } from "cudnn-gru";
import { afterAll, describe, expect, it } from "vitest";
import {
  type GoldenCase,
  type GoldenDtype,
  type GoldenTensor,
  goldenCases,
  numbersOf,
  relativeError,
  TOLERANCE,
} from "../golden/reader.js";
import { argumentsOf, inject, layerOf, tensorOf } from "./golden_layers.js";

const worst = Object.fromEntries(
  Object.keys(TOLERANCE).map((dtype) => [dtype, { cases: 0, error: 0, name: "" }]),
) as Record<GoldenDtype, { cases: number; error: number; name: string }>;

/**
 * Runs every call of a case synchronously and asynchronously. Returns the greatest relative error of its outputs and
 * losses.
 */
async function runCase(golden: GoldenCase): Promise<number> {
  const gru = layerOf(golden);
  let error = 0;
  for (const step of golden.steps) {
    if (step.reset_before) gru.resetState();
    inject(gru, step.call);
    const carried = gru.states?.[0];
    const result = gru.call(tensorOf(step.call.inputs), argumentsOf(step.call));
    const { losses } = gru;
    if (golden.arguments.stateful === true)
      gru.resetState(carried ?? gru.getInitialState(step.call.inputs.shape[0] ?? 0));
    expect(await gru.callAsync(tensorOf(step.call.inputs), argumentsOf(step.call))).toEqual(result);
    expect(gru.losses).toEqual(losses);
    const results = Array.isArray(result) ? result : [result];
    expect(results.map(({ shape }) => shape)).toEqual(step.outputs.map(({ shape }) => shape));
    results.forEach((actual, index) => {
      const wanted = step.outputs[index] as GoldenTensor;
      expect(actual.dtype).toBe(wanted.dtype);
      error = Math.max(error, relativeError(numbersOf(actual), numbersOf(wanted)));
    });
    expect(losses).toHaveLength(step.losses.length);
    losses.forEach((loss, index) => {
      error = Math.max(error, relativeError([loss], [step.losses[index] as number]));
    });
  }
  gru.dispose();
  return error;
}

const cases = goldenCases();

describe("the example of Keras's documentation", () => {
  it("(32, 10, 8) -> (32, 4)", () => {
    const gru = new GRU(4);
    const output = gru.call(tensor(Float32Array.from({ length: 32 * 10 * 8 }, Math.random), [32, 10, 8]));
    expect(output.shape).toEqual([32, 4]);
  });

  it("(32, 10, 8) -> (32, 10, 4) with the state (32, 4)", () => {
    const gru = new GRU(4, { return_sequences: true, return_state: true });
    const inputs = tensor(Float32Array.from({ length: 32 * 10 * 8 }, Math.random), [32, 10, 8]);
    const [whole, final] = gru.call(inputs);
    expect(whole.shape).toEqual([32, 10, 4]);
    expect(final.shape).toEqual([32, 4]);
  });
});

describe.each([...new Set(cases.map(({ group }) => group))])("golden data: %s", (group) => {
  for (const golden of cases.filter((one) => one.group === group)) {
    it(golden.name, async () => {
      const error = await runCase(golden);
      const record = worst[golden.dtype];
      record.cases += 1;
      if (error > record.error) Object.assign(record, { error, name: golden.name });
      expect(error).toBeLessThanOrEqual(TOLERANCE[golden.dtype]);
    });
  }
});

afterAll(() => {
  for (const [dtype, { cases: ran, error, name }] of Object.entries(worst)) {
    console.log(`golden data, ${dtype}: ${ran} cases, worst relative error ${error.toExponential(2)} (${name})`);
  }
});
