// Training with this package's layer produces the weights that training with tfjs's own layer produces, for every GRU
// that tfjs's layer supports.
import * as tf from "@tensorflow/tfjs";
import { GRU } from "cudnn-gru/tfjs";
import { expect, it } from "vitest";
import { relativeError } from "../golden/reader.js";
import { values } from "./layers_model.js";
import { quiet } from "./support.js";

quiet();

const UNITS = 4;
const inputs = values([12, 6, 3], 1);
// Some rows end early; zeros are masked.
for (let row = 0; row < 12; row += 1) inputs.fill(0, (row * 6 + 6 - (row % 5)) * 3, (row + 1) * 6 * 3);
const x = tf.tensor3d(inputs, [12, 6, 3]);
const y = tf.tensor2d(values([12, 2], 2), [12, 2]);

/** A bidirectional stack, whose GRUs `make` makes, with fixed weights. */
function model(make: (args: object) => tf.layers.Layer, optimizer: () => tf.Optimizer): tf.LayersModel {
  const made = tf.sequential({
    layers: [
      tf.layers.masking({ maskValue: 0, inputShape: [6, 3] }),
      tf.layers.bidirectional({
        layer: make({ units: UNITS, returnSequences: true }) as never,
        mergeMode: "sum",
      }),
      // No regularizers: of its own recurrent layers tfjs forgets their losses. bidirectional_models.test.ts has them.
      make({ units: 2 * UNITS, goBackwards: true }),
      tf.layers.dense({ units: 2 }),
    ],
  });
  made.setWeights(made.getWeights().map(({ shape }, index) => tf.tensor(values(shape, index), shape)));
  made.compile({ optimizer: optimizer(), loss: "meanSquaredError" });
  return made;
}

it.each<[string, () => tf.Optimizer, string]>([
  ["sgd", () => tf.train.sgd(0.1), "hardSigmoid"],
  ["adam", () => tf.train.adam(0.01), "sigmoid"],
  ["rmsprop with momentum", () => tf.train.rmsprop(0.01, 0.9, 0.5), "sigmoid"],
])("%s: 15 steps, masked, in both directions", async (_, optimizer, recurrentActivation) => {
  const own = model((args) => tf.layers.gru({ recurrentActivation, ...args } as never), optimizer);
  const ours = model((args) => new GRU({ resetAfter: false, recurrentActivation, ...args } as never), optimizer);
  expect(ours.getWeights().map(({ shape }) => shape)).toEqual(own.getWeights().map(({ shape }) => shape));
  const options = { epochs: 5, batchSize: 4, shuffle: false, verbose: 0 } as const;
  const [expected, actual] = [await own.fit(x, y, options), await ours.fit(x, y, options)];
  expect(relativeError(actual.history.loss as number[], expected.history.loss as number[])).toBeLessThanOrEqual(1e-5);
  own.getWeights().forEach((weight, index) => {
    const trained = ours.getWeights()[index] as tf.Tensor;
    expect(relativeError(trained.dataSync(), weight.dataSync())).toBeLessThanOrEqual(1e-4);
    expect(relativeError(trained.dataSync(), values(weight.shape, index))).toBeGreaterThan(1e-4);
  });
});
