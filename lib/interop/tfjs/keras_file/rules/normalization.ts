// Layers that normalize.

import { refused, shown } from "../refusal.js";
import { KEEPS } from "./mask_rule.js";
import {
  type Config,
  constraint,
  initializer,
  type LayerRule,
  named,
  ofWeight,
  only,
  type Shape,
  same,
  type Weight,
} from "./rule.js";

function sizesOf(axes: unknown, input: Shape | undefined): number[] {
  const list = Array.isArray(axes) ? axes : [axes];
  return list.map((axis) => (typeof axis === "number" ? (input?.at(axis) ?? -1) : -1));
}

/** Returns gamma and beta, as far as the layer has them. */
function scaleAndOffset({ scale, center }: Config, shape: readonly number[]): Weight[] {
  const weights = [scale === false ? null : "gamma", center === false ? null : "beta"];
  return weights.flatMap((name) => (name === null ? [] : [{ name, shape, trainable: true, part: "" }]));
}

const batchNormalization: LayerRule = {
  keras: "BatchNormalization",
  tfjs: "BatchNormalization",
  args: named({
    axis: same(-1),
    momentum: same(0.99),
    epsilon: same(1e-3),
    center: same(true),
    scale: same(true),
    ...ofWeight("beta", "Zeros"),
    ...ofWeight("gamma", "Ones"),
    moving_mean_initializer: initializer("Zeros"),
    moving_variance_initializer: initializer("Ones"),
    synchronized: only([false], "tfjs has one device"),
    renorm: only([false], "tfjs has no renorm"),
    renorm_clipping: only([null], "tfjs has no renorm"),
    renorm_momentum: only([0.99], "tfjs has no renorm"),
  }),
  // In Keras masked timesteps do not count in training.
  masks: { ...KEEPS, reads: { keras: true, tfjs: false } },
  weights(config, [input]) {
    const shape = sizesOf(config.axis ?? -1, input);
    const moving = ["moving_mean", "moving_variance"].map((name) => ({ name, shape, trainable: false, part: "" }));
    return [...scaleAndOffset(config, shape), ...moving];
  },
  check({ trainable, axis }, where, [input]) {
    if (trainable === false) {
      throw refused(
        where,
        "trainable false is not supported: tfjs's layer would still use the statistics of each batch in training",
      );
    }
    if (axis !== -1 && axis !== (input?.length ?? 0) - 1) {
      throw refused(where, `axis ${shown(axis)} is not supported: tfjs computes other numbers for any but the last`);
    }
  },
};

const layerNormalization: LayerRule = {
  keras: "LayerNormalization",
  tfjs: "LayerNormalization",
  args: named({
    axis: same(-1),
    epsilon: same(1e-3),
    center: same(true),
    scale: same(true),
    rms_scaling: only([false], "tfjs has none"),
    ...ofWeight("beta", "Zeros"),
    ...ofWeight("gamma", "Ones"),
    beta_constraint: constraint,
    gamma_constraint: constraint,
  }),
  masks: KEEPS,
  weights: (config, [input]) => scaleAndOffset(config, sizesOf(config.axis ?? -1, input)),
};

/** The rules of these layers. */
export const NORMALIZATION_RULES: readonly LayerRule[] = [batchNormalization, layerNormalization];
