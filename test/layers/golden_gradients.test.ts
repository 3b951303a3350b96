import { afterAll, describe, expect, it } from "vitest";
import type { GRUGradients, GRUPass } from "../../dist/layers/gradients/pass.js";
import {
  type GoldenCase,
  type GoldenDtype,
  type GoldenGradients,
  goldenCases,
  numbersOf,
  relativeError,
  TOLERANCE,
} from "../golden/reader.js";
import { argumentsOf, inject, layerOf, tensorOf } from "./golden_layers.js";

/** Largest relative error allowed of a gradient, by dtype. */
const GRADIENT_TOLERANCE: Readonly<Record<GoldenDtype, number>> = { ...TOLERANCE, float32: 1e-4, float64: 1e-10 };

const worst = new Map<string, { cases: number; error: number; name: string }>();

/** The worst relative error of a pass's results and losses. */
function resultError(golden: GoldenCase, pass: GRUPass): number {
  const results = [pass.output, pass.state];
  const errors = golden.outputs.map((wanted, index) => {
    const found = results[index] as (typeof results)[number];
    expect(found.shape).toEqual(wanted.shape);
    return relativeError(numbersOf(found), numbersOf(wanted));
  });
  expect(pass.losses).toHaveLength(golden.losses.length);
  return Math.max(...errors, relativeError(pass.losses, golden.losses));
}

/** The worst relative error of the gradients. */
function gradientError(gradients: GRUGradients, wanted: GoldenGradients): number {
  const pairs = [[gradients.inputs, wanted.inputs] as const];
  if (wanted.initial_state !== undefined) pairs.push([gradients.initial_state, wanted.initial_state]);
  expect(gradients.weights).toHaveLength(wanted.weights.length);
  wanted.weights.forEach((each, index) => {
    pairs.push([gradients.weights[index] as GRUGradients["inputs"], each]);
  });
  const errors = pairs.map(([found, each]) => {
    expect([found.shape, found.dtype]).toEqual([each.shape, each.dtype]);
    return relativeError(numbersOf(found), numbersOf(each));
  });
  return Math.max(...errors);
}

/** Runs a case synchronously and asynchronously. Both must agree to the bit. Returns the greatest errors. */
async function runCase(golden: GoldenCase): Promise<{ results: number; gradients: number }> {
  const wanted = golden.gradients as GoldenGradients;
  const [output, state] = wanted.upstream.map(tensorOf);
  const upstream = { output, state };
  const run = async (asynchronous: boolean) => {
    const gru = layerOf(golden);
    inject(gru, golden.call);
    const inputs = tensorOf(golden.call.inputs);
    const args = argumentsOf(golden.call);
    const pass = asynchronous ? await gru.forwardAsync(inputs, args) : gru.forward(inputs, args);
    const gradients = asynchronous ? await pass.backwardAsync(upstream) : pass.backward(upstream);
    gru.dispose();
    return { pass, gradients };
  };
  const { pass, gradients } = await run(false);
  const other = await run(true);
  expect([other.pass.output, other.pass.state, other.gradients]).toEqual([pass.output, pass.state, gradients]);
  return { results: resultError(golden, pass), gradients: gradientError(gradients, wanted) };
}

const cases = goldenCases().filter(({ gradients }) => gradients !== undefined);

it("there are gradients of every kind of case", () => {
  expect(new Set(cases.map(({ group }) => group))).toEqual(
    new Set(["gradients", "row_wise", "activation_layers", "sixteen_bit_gradients"]),
  );
});

describe.each([...new Set(cases.map(({ group }) => group))])("golden gradients: %s", (group) => {
  for (const golden of cases.filter((one) => one.group === group)) {
    it(golden.name, async () => {
      const { results, gradients } = await runCase(golden);
      const key = `${group}, ${golden.dtype}`;
      const record = worst.get(key) ?? { cases: 0, error: 0, name: "" };
      worst.set(key, record);
      record.cases += 1;
      if (gradients > record.error) Object.assign(record, { error: gradients, name: golden.name });
      expect(results).toBeLessThanOrEqual(TOLERANCE[golden.dtype]);
      expect(gradients).toBeLessThanOrEqual(GRADIENT_TOLERANCE[golden.dtype]);
    });
  }
});

afterAll(() => {
  for (const [key, { cases: ran, error, name }] of worst) {
    console.log(`golden gradients of ${key}: ${ran} cases, worst relative error ${error.toExponential(2)} (${name})`);
  }
});
