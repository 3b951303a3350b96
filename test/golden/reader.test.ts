import { expect, test } from "vitest";
import { type GoldenCase, type GoldenTensor, goldenCases, relativeError, TOLERANCE } from "./reader.js";

/** One step of a default GRU (tanh, sigmoid, reset_after) in float64, written out from the equations. */
function step(row: ArrayLike<number>, h: number[], golden: GoldenCase): number[] {
  const [kernel, recurrent, bias] = golden.weights.map(({ data }) => data) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const units = h.length;
  const width = 3 * units;
  const project = (vector: ArrayLike<number>, matrix: Float64Array, biasRow: number) =>
    Array.from({ length: width }, (_, j) => {
      let sum = bias[biasRow * width + j] as number;
      for (let i = 0; i < vector.length; i++) sum += (vector[i] as number) * (matrix[i * width + j] as number);
      return sum;
    });
  const x = project(row, kernel, 0);
  const r = project(h, recurrent, 1);
  const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
  return h.map((previous, u) => {
    const at = (gate: number, part: number[]) => part[gate * units + u] as number;
    const z = sigmoid(at(0, x) + at(0, r));
    const reset = sigmoid(at(1, x) + at(1, r));
    const candidate = Math.tanh(at(2, x) + reset * at(2, r));
    return z * previous + (1 - z) * candidate;
  });
}

test("values computed here equal those that Keras was given", () => {
  const [golden] = goldenCases((_, name) => name === "documented/last_output/float64") as [GoldenCase];
  const [batch, timesteps, features] = golden.call.inputs.shape as [number, number, number];
  const result: number[] = [];
  for (let b = 0; b < batch; b++) {
    let h = new Array<number>(4).fill(0);
    for (let t = 0; t < timesteps; t++) {
      const start = (b * timesteps + t) * features;
      h = step(golden.call.inputs.data.subarray(start, start + features), h, golden);
    }
    result.push(...h);
  }
  expect(relativeError(result, (golden.outputs[0] as { data: Float64Array }).data)).toBeLessThan(TOLERANCE.float64);
});

test("the documented example comes first, in both dtypes", () => {
  const shapes = goldenCases("documented").map(({ dtype, outputs }) => [dtype, ...outputs.map(({ shape }) => shape)]);
  expect(shapes).toEqual([
    ["float32", [32, 4]],
    ["float64", [32, 4]],
    ["float32", [32, 10, 4], [32, 4]],
    ["float64", [32, 10, 4], [32, 4]],
  ]);
});

test("every tensor has as many values as its shape says", () => {
  for (const golden of goldenCases()) {
    const gradients = golden.gradients;
    const tensors = [
      ...golden.weights,
      ...golden.steps.flatMap(({ call, outputs }) => [
        ...outputs,
        ...Object.values(call).filter((value): value is GoldenTensor => typeof value === "object"),
      ]),
      ...(gradients ? [gradients.inputs, ...gradients.upstream, ...gradients.weights] : []),
    ];
    for (const { shape, data } of tensors) {
      expect(data.length, golden.name).toBe(shape.reduce((product, size) => product * size, 1));
    }
  }
});

test("relativeError wants the same NaNs and infinities, and equal lengths", () => {
  expect(relativeError([1, Number.NaN, Number.POSITIVE_INFINITY], [1, Number.NaN, Number.POSITIVE_INFINITY])).toBe(0);
  expect(relativeError([1, Number.NaN], [1, Number.POSITIVE_INFINITY])).toBe(Number.POSITIVE_INFINITY);
  expect(relativeError([Number.NEGATIVE_INFINITY], [Number.POSITIVE_INFINITY])).toBe(Number.POSITIVE_INFINITY);
  expect(relativeError([1, 2], [1, Number.NaN])).toBe(Number.POSITIVE_INFINITY);
  expect(relativeError([1], [1, 1])).toBe(Number.POSITIVE_INFINITY);
  expect(relativeError([10.5], [10])).toBe(0.05);
});
