// The arguments that the layer of tfjs refuses, and its messages.
import * as tf from "@tensorflow/tfjs";
import { GRUError, memoryUsage } from "cudnn-gru";
import { GRU, type GRULayerArgs } from "cudnn-gru/tfjs";
import { expect, it } from "vitest";
import { quiet } from "./support.js";

quiet();

it.each<[string, unknown, string, string]>([
  ["no arguments", undefined, "ERR_ARGUMENT", "Expected an object { units, ... } for `args` but received undefined"],
  ["a number", 4, "ERR_ARGUMENT", "Expected an object { units, ... } for `args` but received 4"],
  ["no units", {}, "ERR_ARGUMENT", "`units`"],
  ["negative units", { units: -1 }, "ERR_ARGUMENT", "for `units` but received -1"],
  [
    "a misspelled name",
    { units: 4, returnSequence: true },
    "ERR_ARGUMENT",
    '`returnSequence`. Did you mean "returnSequences"?',
  ],
  [
    "an unknown name",
    { units: 4, fooBar: true },
    "ERR_ARGUMENT",
    "`fooBar`. Known: units, activation, recurrentActivation,",
  ],
  ["the name of another library", { units: 4, hiddenSize: 3 }, "ERR_ARGUMENT", '`hiddenSize`. Did you mean "units"?'],
  [
    "an activation in capitals",
    { units: 4, activation: "Tahn" },
    "ERR_ARGUMENT",
    'received "Tahn". Did you mean "tanh"?',
  ],
  [
    "a misspelled initializer",
    { units: 4, kernelInitializer: "glrotUniform" },
    "ERR_ARGUMENT",
    'received "glrotUniform". Did you mean "GlorotUniform"?',
  ],
  ["a misspelled constraint", { units: 4, biasConstraint: "maxNrm" }, "ERR_ARGUMENT", 'received "maxNrm"'],
  ["a misspelled activation", { units: 4, activation: "tahn" }, "ERR_ARGUMENT", 'Did you mean "tanh"?'],
  ["an unknown regularizer", { units: 4, kernelRegularizer: "l3" }, "ERR_ARGUMENT", "`kernel_regularizer`"],
  ["a text for a flag", { units: 4, returnState: "yes" }, "ERR_ARGUMENT", "true or false for `returnState`"],
  ["timeMajor", { units: 4, timeMajor: true }, "ERR_UNSUPPORTED", "Expected false for `timeMajor` but received true"],
])("%s", (_, args, code, message) => {
  const make = () => new GRU(args as GRULayerArgs);
  expect(make).toThrow(GRUError);
  expect(make).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
});

it("an unknown number of features, a stateful layer without a batch size", () => {
  const apply = (layer: GRU, shape: (number | null)[]) => () => layer.apply(tf.input({ batchShape: shape }));
  expect(apply(new GRU({ units: 4 }), [null, 5, null])).toThrow("a known number of features for `inputShape`");
  expect(apply(new GRU({ units: 4, stateful: true }), [null, 5, 3])).toThrow(
    "a known batch size (the layer is stateful)",
  );
});

it("inputs, states and masks that do not fit leave no tensors and no passes, and the layer as it was", async () => {
  const layer = new GRU({ units: 4, stateful: true, batchInputShape: [2, 5, 3] });
  const inputs = tf.ones([2, 5, 3]);
  layer.apply(inputs);
  const state = layer.getStates()?.[0].dataSync();
  const refusals: [unknown, object, string][] = [
    [tf.ones([2, 5]), {}, "Expected shape [batch, timesteps, 3] for `inputs` but received shape [2, 5]"],
    [tf.ones([2, 5, 4]), {}, "expected shape="],
    [tf.ones([3, 5, 3]), {}, "expected shape="],
    [tf.ones([2, 0, 3]), {}, "timestep"],
    [inputs, { initialState: tf.ones([2, 5]) }, "`initial_state`"],
    [inputs, { initialState: [tf.ones([2, 4]), tf.ones([2, 4])] }, "one state, [batch, units] for `initialState`"],
    [inputs, { initialState: 7 }, "a tensor [batch, units] for `initialState` but received 7"],
    [[inputs, tf.ones([2, 4]), tf.ones([2, 4])], {}, "one state, [batch, units] for `initialState`"],
    [inputs, { mask: tf.ones([2, 4]) }, "`mask`"],
    [inputs, { mask: tf.ones([2, 5, 3]) }, "`mask`"],
  ];
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    for (const [given, kwargs, message] of refusals) {
      expect(() => layer.apply(given as tf.Tensor, { ...kwargs })).toThrow(message);
      const objective = () => tf.sum(layer.apply(given as tf.Tensor, { ...kwargs }) as tf.Tensor).asScalar();
      expect(() => tf.variableGrads(objective)).toThrow(message);
    }
  });
  await Promise.resolve();
  expect(memoryUsage().passes).toBe(0);
  expect(tf.memory().numTensors).toBe(before);
  expect(layer.getStates()?.[0].dataSync()).toEqual(state);
});
