import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import type { NativeArray, NativeDtype } from "../../dist/native/binding.js";
import { native } from "../../dist/native/load.js";
import { relativeError } from "../golden/reader.js";

interface DerivativeCase {
  name: string;
  parameters: (number | string)[];
  float32: (number | string)[];
  float64: (number | string)[];
}

const fixture = JSON.parse(
  readFileSync(new URL("../fixtures/activation_derivatives.json", import.meta.url), "utf8"),
) as { points: (number | string)[]; cases: DerivativeCase[] };

// TensorFlow rounds between the operations of mish: in float32 its derivative at 8 is 3e-6 away from the exact one.
const TOLERANCE = { float32: 5e-6, float64: 1e-14 };
const worst = { float32: { error: 0, name: "" }, float64: { error: 0, name: "" } };

/** Infinities and NaN are strings in JSON. */
function numbersOf(values: readonly (number | string)[]): number[] {
  return values.map((value) =>
    typeof value === "number" ? value : Number(value.replace("inf", "Infinity").replace("nan", "NaN")),
  );
}

/**
 * The derivatives at `points`, as a layer sees them: without weights, with the points for the candidate's bias and with
 * an update gate of 0, the state after one step is the activation, and the bias's gradient the derivative.
 */
function derivativesAt(points: readonly number[], name: string, parameters: readonly number[], dtype: NativeDtype) {
  const Type = dtype === "float32" ? Float32Array : Float64Array;
  const units = points.length;
  const gru = new (native().NativeGru)({
    dtype,
    features: 1,
    units,
    resetAfter: true,
    activation: { name, parameters },
    recurrentActivation: { name: "linear", parameters: [] },
    stateRounding: null,
    cudaDevice: 0,
  });
  const bias = new Type(6 * units);
  bias.set(points, 2 * units);
  gru.setWeights(new Type(3 * units), new Type(3 * units * units), bias);
  const zeros = new Type(1);
  const pass = gru.forward(zeros, new Type(units), new Type(units), null, null, null, null, null, 1, 1, 0);
  const gradients: NativeArray[] = [1, units, 3 * units, 3 * units * units, 6 * units].map((count) => new Type(count));
  const [inputs, state, kernel, recurrent, dBias] = gradients as [
    NativeArray,
    NativeArray,
    NativeArray,
    NativeArray,
    NativeArray,
  ];
  pass.backward(new Type(units).fill(1), null, inputs, state, kernel, recurrent, dBias);
  return dBias.slice(2 * units, 3 * units);
}

describe("the derivative of every elementwise activation is TensorFlow's, at kinks and beyond numbers too", () => {
  const points = numbersOf(fixture.points);
  for (const one of fixture.cases) {
    const parameters = numbersOf(one.parameters);
    it.each(["float32", "float64"] as const)(`${one.name}(${parameters.join(", ")}), %s`, (dtype) => {
      const found = derivativesAt(points, one.name, parameters, dtype);
      const wanted = numbersOf(one[dtype]);
      points.forEach((point, index) => {
        const error = relativeError([found[index] as number], [wanted[index] as number]);
        if (error > worst[dtype].error) worst[dtype] = { error, name: `${one.name} at ${point}` };
        expect(error, `at ${point}: ${found[index]}, TensorFlow has ${wanted[index]}`).toBeLessThanOrEqual(
          TOLERANCE[dtype],
        );
      });
    });
  }

  it("covers every name", () => {
    expect(new Set(fixture.cases.map(({ name }) => name)).size).toBe(27);
  });
});

afterAll(() => {
  for (const [dtype, { error, name }] of Object.entries(worst)) {
    console.log(
      `derivatives, ${dtype}: ${fixture.cases.length} functions, worst error ${error.toExponential(2)} (${name})`,
    );
  }
});
