// The layer of tfjs against real Keras: outputs, states and gradients of every golden case that tfjs can have.
import * as tf from "@tensorflow/tfjs";
import { memoryUsage } from "cudnn-gru";
import type { GRU } from "cudnn-gru/tfjs";
import { afterAll, describe, expect, it } from "vitest";
import { type GoldenCase, goldenCases, relativeError, TOLERANCE } from "../golden/reader.js";
import { layerOf, quiet, tensorOf } from "./support.js";

quiet();

/** Of max(1, max|ref|), for gradients. */
const GRADIENT_TOLERANCE = 1e-4;

/** tfjs has float32 only, and no losses of activities; Keras's own dropout masks cannot be given to it. */
function isPossible({ dtype, arguments: args, steps }: GoldenCase): boolean {
  const drawn = steps.some(({ call }) => call.input_dropout ?? call.recurrent_dropout);
  return dtype === "float32" && !args.activity_regularizer && !drawn;
}

const cases = goldenCases().filter(isPossible);
const groups = [...new Set(cases.map(({ group }) => group))];
const worst = { outputs: 0, gradients: 0, cases: 0, withGradients: 0 };

function kwargsOf(call: GoldenCase["call"]): Record<string, unknown> {
  return {
    training: call.training,
    ...(call.mask === undefined ? {} : { mask: tensorOf(call.mask) }),
    ...(call.initial_state === undefined ? {} : { initialState: tensorOf(call.initial_state) }),
  };
}

function compare(actual: tf.Tensor, expected: { data: ArrayLike<number>; shape: number[] }, tolerance: number): number {
  expect(actual.shape).toEqual(expected.shape);
  const error = relativeError(actual.dataSync(), expected.data);
  expect(error).toBeLessThanOrEqual(tolerance);
  return error;
}

afterAll(() => {
  const { cases: count, outputs, withGradients, gradients } = worst;
  console.log(
    `tfjs: ${count} cases, worst ${outputs.toExponential(2)}; gradients of ${withGradients}, worst ${gradients.toExponential(2)}`,
  );
});

describe.each(groups)("%s", (group) => {
  it.each(cases.filter((golden) => golden.group === group).map((golden) => [golden.name, golden] as const))(
    "%s",
    (_, golden) => {
      const before = tf.memory().numTensors;
      let layer: GRU | undefined;
      tf.tidy(() => {
        const made = layerOf(golden);
        layer = made;
        for (const { call, outputs, reset_before } of golden.steps) {
          if (reset_before) made.resetStates();
          const results = [made.apply(tensorOf(call.inputs), kwargsOf(call))].flat() as tf.Tensor[];
          expect(results).toHaveLength(outputs.length);
          for (const [index, expected] of outputs.entries()) {
            worst.outputs = Math.max(worst.outputs, compare(results[index] as tf.Tensor, expected, TOLERANCE.float32));
          }
        }
        worst.cases += 1;
        if (golden.gradients) checkGradients(golden, made);
      });
      expect(memoryUsage().passes).toBe(0);
      layer?.dispose();
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});

function checkGradients(golden: GoldenCase, layer: GRU): void {
  const { call } = golden;
  const { upstream, inputs, initial_state, weights } = golden.gradients as NonNullable<GoldenCase["gradients"]>;
  if (layer.stateful) layer.resetStates();
  const objective = (x: tf.Tensor, state?: tf.Tensor): tf.Scalar => {
    const kwargs = { ...kwargsOf(call), ...(state === undefined ? {} : { initialState: state }) };
    const results = [layer.apply(x, kwargs)].flat() as tf.Tensor[];
    const terms = upstream.map((one, index) => tf.sum(tf.mul(tensorOf(one), results[index] as tf.Tensor)));
    return tf.addN([...terms, ...layer.calculateLosses()]).asScalar();
  };
  const given = [tensorOf(call.inputs), ...(call.initial_state === undefined ? [] : [tensorOf(call.initial_state)])];
  const computed = tf.grads(objective as never)(given) as tf.Tensor[];
  const expected = [inputs, ...(initial_state === undefined ? [] : [initial_state])];
  const { grads } = tf.variableGrads(() => objective(given[0] as tf.Tensor, given[1]));
  const variables = layer.weights.map((weight) => grads[(weight.read() as tf.Variable).name] as tf.Tensor);
  for (const [index, one] of [...expected, ...weights].entries()) {
    const error = compare([...computed, ...variables][index] as tf.Tensor, one, GRADIENT_TOLERANCE);
    worst.gradients = Math.max(worst.gradients, error);
  }
  worst.withGradients += 1;
}
