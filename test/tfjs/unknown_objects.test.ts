// Unknown objects that a model's config names are kept, and refused when training needs them.
import * as tf from "@tensorflow/tfjs";
import { GRU } from "cudnn-gru/tfjs";
import { expect, it } from "vitest";
import { expectError } from "../layers/support.js";

const CLIP = { className: "WeightClip", config: { c: 0.5, name: "WeightClip" } };
const config = () => ({ ...new GRU({ units: 3 }).getConfig(), kernelConstraint: CLIP, biasRegularizer: CLIP });

it("a layer made from a config computes, and says again what it was told", () => {
  const layer = GRU.fromConfig(GRU, config()) as GRU;
  const output = layer.apply(tf.ones([2, 4, 2])) as tf.Tensor;
  expect(output.shape).toEqual([2, 3]);
  expect(layer.getConfig()).toMatchObject({ kernelConstraint: CLIP, biasRegularizer: CLIP });
});

it("projecting and losses are refused by its name", () => {
  const layer = GRU.fromConfig(GRU, config()) as GRU;
  layer.apply(tf.ones([2, 4, 2]));
  expectError(() => layer.applyConstraints(), "ERR_UNSUPPORTED", /kernel_constraint.*"WeightClip"/);
  expectError(() => layer.calculateLosses(), "ERR_UNSUPPORTED", /bias_regularizer.*"WeightClip"/);
});

it("it is a mistake in the constructor", () => {
  expectError(() => new GRU({ units: 3, kernelConstraint: CLIP }), "ERR_ARGUMENT", /kernel_constraint/);
});
