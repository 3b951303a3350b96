import { afterAll, describe, expect, it } from "vitest";
import { type GoldenDtype, TOLERANCE } from "../golden/reader.js";
import { type GoldenWrapper, goldenWrappers } from "../golden/wrappers.js";
import { runCalls, runPass } from "./golden_runs.js";

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
      "one_call_stacks",
    ]),
  );
});

describe.each([...new Set(cases.map(({ group }) => group))])("golden data: %s", (group) => {
  for (const golden of cases.filter((one) => one.group === group)) {
    it(golden.name, async () => {
      const error = await runCalls(golden, false);
      note("results", golden, error);
      expect(error).toBeLessThanOrEqual(TOLERANCE[golden.tolerance]);
      if (golden.gradients === undefined) return;
      const { results, gradients } = await runPass(golden, false);
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
