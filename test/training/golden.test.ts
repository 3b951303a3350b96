import { optimizers, Variable } from "cudnn-gru";
import { afterAll, describe, expect, it } from "vitest";
import { goldenOptimizers } from "../golden/optimizers.js";
import { relativeError, TOLERANCE } from "../golden/reader.js";

const worst = new Map<string, number>();
const { updates } = goldenOptimizers();

/** The numbers of all variables, one after the other. */
function flat(variables: readonly Variable[]): Float64Array {
  return Float64Array.from(variables.flatMap((variable) => [...variable.value.data]));
}

describe("ten updates equal Keras's, weights and slots", () => {
  afterAll(() => {
    const errors = [...worst].map(([name, error]) => `${name} ${error.toExponential(2)}`);
    console.log(`${updates.length} cases of optimizers, worst errors: ${errors.join(", ")}`);
  });

  it.each(updates)("$name", ({ dtype, optimizer, constraint, variables, learningRates, scales, gradients, stored }) => {
    const made = optimizers.get(optimizer);
    const weights = variables.map(
      ({ name, shape, values }) => new Variable({ data: values.data, shape, dtype }, { name, dtype, constraint }),
    );
    for (const [index, rate] of learningRates.entries()) {
      expect(relativeError([made.learning_rate], [rate])).toBeLessThanOrEqual(1e-7);
      expect(made.scaleLoss(1)).toBe(scales[index]);
      made.apply(gradients(index + 1), weights);
      const state = stored.find(({ step }) => step === index + 1);
      if (state === undefined) continue;
      expect(made.iterations).toBe(state.iterations);
      expect(made.variables.map(({ name }) => name)).toEqual(state.slots);
      const error = relativeError(flat([...weights, ...made.variables]), state.values.data);
      expect(error).toBeLessThanOrEqual(TOLERANCE[dtype]);
      worst.set(dtype, Math.max(worst.get(dtype) ?? 0, error));
    }
    expect(stored.length).toBe(2);
  });
});
