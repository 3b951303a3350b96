// Neither tensors of tfjs nor passes of this package are left over, however many steps are made.
import * as tf from "@tensorflow/tfjs";
import { memoryUsage } from "cudnn-gru";
import { GRU } from "cudnn-gru/tfjs";
import { afterEach, expect, it } from "vitest";
import { values } from "./layers_model.js";
import { quiet } from "./support.js";

quiet();

const STEPS = 1000;
const inputs = tf.tensor3d(values([2, 5, 3], 1), [2, 5, 3]);
const target = tf.tensor2d(values([2, 4], 2), [2, 4]);

/** The tensors and bytes of tfjs, and the memory of this package's weights and passes. */
function usage() {
  const { numTensors, numBytes, numDataBuffers } = tf.memory();
  const { weights, passes } = memoryUsage();
  return { numTensors, numBytes, numDataBuffers, weights, passes };
}

/** Runs `step` some times, then many times, and compares the memory in use. */
async function expectFlat(step: () => unknown): Promise<void> {
  for (let index = 0; index < 5; index += 1) await step();
  const before = usage();
  for (let index = 0; index < STEPS; index += 1) await step();
  expect(usage()).toEqual(before);
}

afterEach(async () => {
  await Promise.resolve();
  expect(memoryUsage().passes).toBe(0);
});

function model(args: object = {}): tf.LayersModel {
  const made = tf.sequential({
    layers: [tf.layers.masking({ maskValue: 9, inputShape: [5, 3] }), new GRU({ units: 4, ...args })],
  });
  made.compile({ optimizer: tf.train.adam(0.001), loss: "meanSquaredError" });
  return made;
}

it(`trainOnBatch, ${STEPS} times`, async () => {
  const trained = model({ dropout: 0.25, kernelRegularizer: "l2" });
  await expectFlat(() => trained.trainOnBatch(inputs, target));
});

it(`fit of ${STEPS} epochs`, async () => {
  const trained = model();
  await trained.fit(inputs, target, { epochs: 2, verbose: 0, yieldEvery: "never" });
  const before = usage();
  await trained.fit(inputs, target, { epochs: STEPS, verbose: 0, yieldEvery: "never" });
  expect(usage()).toEqual(before);
});

it(`predict and evaluate, ${STEPS} times`, async () => {
  const trained = model();
  await expectFlat(() => {
    tf.dispose(trained.predict(inputs));
    tf.dispose(trained.evaluate(inputs, target));
  });
});

it(`a stateful layer and its states, ${STEPS} times`, async () => {
  const layer = new GRU({ units: 4, stateful: true, returnState: true, batchInputShape: [2, 5, 3] });
  await expectFlat(() => {
    tf.dispose(layer.apply(inputs));
    tf.dispose(layer.getStates() ?? []);
    layer.resetStates();
  });
});

it("a model of both outputs, which tfjs computes twice, and asks one gradient of", async () => {
  const sequence = tf.input({ shape: [5, 3] });
  const outputs = new GRU({ units: 4, returnState: true }).apply(sequence) as tf.SymbolicTensor[];
  const both = tf.model({ inputs: sequence, outputs });
  both.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  await expectFlat(() => both.trainOnBatch(inputs, [target, target]));
});

it("gradients that tfjs never asks for, in one synchronous run", async () => {
  const layer = new GRU({ units: 4 });
  tf.dispose(layer.apply(inputs));
  const variable = tf.variable(tf.scalar(2));
  const size = (() => {
    const { grads, value } = tf.variableGrads(() => tf.sum(layer.apply(inputs) as tf.Tensor).asScalar());
    tf.dispose([grads, value]);
    return memoryUsage().passes;
  })();
  expect(size).toBe(0);
  const { numTensors } = tf.memory();
  let most = 0;
  for (let index = 0; index < STEPS; index += 1) {
    const unused = () => tf.tidy(() => [layer.apply(inputs), tf.square(variable)][1] as tf.Scalar);
    const { grads, value } = tf.variableGrads(unused, [variable]);
    tf.dispose([grads, value]);
    most = Math.max(most, memoryUsage().passes);
  }
  // The pass of the last step is still open. It is freed when the run has ended.
  expect(most).toBeGreaterThan(0);
  expect(memoryUsage().passes).toBe(most);
  await Promise.resolve();
  expect(memoryUsage().passes).toBe(0);
  expect(tf.memory().numTensors).toBe(numTensors);
});

it("an error between forward and backward leaves no pass (but tensors that tfjs itself had saved)", async () => {
  const layer = new GRU({ units: 4 });
  tf.dispose(layer.apply(inputs));
  for (let index = 0; index < 20; index += 1) {
    const failing = () => {
      layer.apply(inputs);
      throw new Error("in between");
    };
    expect(() => tf.variableGrads(failing)).toThrow("in between");
  }
  await Promise.resolve();
  expect(memoryUsage().passes).toBe(0);
});

it("a layer that is disposed gives back its weights, in tfjs and here", () => {
  const before = usage();
  const layer = new GRU({ units: 64 });
  tf.dispose(layer.apply(inputs));
  expect(usage().weights).toBeGreaterThan(before.weights);
  layer.dispose();
  expect(usage()).toEqual(before);
  expect(() => layer.apply(inputs)).toThrow("already disposed");
});
