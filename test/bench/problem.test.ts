// The data that all contenders of the benchmark compute from.
import { describe, expect, it } from "vitest";
import { BIDIRECTIONAL, ONE_GRU, TWO_LAYERS } from "../../bench/forms.js";
import { makeProblem } from "../../bench/problem.js";

const shape = { batch: 2, timesteps: 3, features: 4, units: 5 };

describe("makeProblem", () => {
  it.each([
    [ONE_GRU, [4]],
    [BIDIRECTIONAL, [4, 4]],
    [TWO_LAYERS, [4, 5]],
  ])("makes weights for every GRU: $name", (form, features) => {
    const { grus, inputs } = makeProblem(shape, form);
    expect(inputs).toHaveLength(24);
    expect(grus.map(({ kernel }) => kernel.length)).toEqual(features.map((width) => width * 15));
    for (const gru of grus) expect([gru.recurrentKernel.length, gru.bias.length]).toEqual([75, 30]);
    expect(new Set(grus.map(({ kernel }) => kernel[0])).size).toBe(grus.length);
  });

  it("has the same inputs and first weights whatever follows, and those of the first GRU as its own", () => {
    const [one, two] = [makeProblem(shape), makeProblem(shape, TWO_LAYERS)];
    expect(two.inputs).toEqual(one.inputs);
    expect(two.grus[0]).toEqual(one.grus[0]);
    expect({ kernel: two.kernel, recurrentKernel: two.recurrentKernel, bias: two.bias }).toEqual(two.grus[0]);
  });
});
