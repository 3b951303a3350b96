// The names that each vocabulary knows, as the error about an unknown name lists them.
import { describe, expect, it } from "vitest";
import { getActivation } from "../../dist/keras/activations.js";
import { getConstraint } from "../../dist/keras/constraints.js";
import { getInitializer } from "../../dist/keras/initializers.js";
import { getRegularizer } from "../../dist/keras/regularizers.js";
import { messageOf } from "./helpers.js";

/** Whoever adds a name adds it here too, and then to docs/vocabularies.md, as CONTRIBUTING.md says. */
const known: readonly [kind: string, get: (value: unknown, argument: string) => unknown, names: string][] = [
  [
    "an activation",
    getActivation,
    "relu, leaky_relu, relu6, celu, elu, selu, softplus, softsign, squareplus, soft_shrink, sparse_plus, silu, gelu, " +
      "tanh, tanh_shrink, sigmoid, sparse_sigmoid, exponential, hard_sigmoid, hard_silu, hard_tanh, hard_shrink, " +
      "linear, mish, log_sigmoid, softmax, log_softmax, sparsemax, threshold, swish, hard_swish, " +
      "keras2_hard_sigmoid, cudnn_gru>keras2_hard_sigmoid",
  ],
  [
    "an initializer",
    getInitializer,
    "zeros, ones, constant, identity, random_normal, random_uniform, truncated_normal, variance_scaling, " +
      "glorot_uniform, glorot_normal, he_uniform, he_normal, lecun_uniform, lecun_normal, orthogonal",
  ],
  ["a regularizer", getRegularizer, "l1, l2, l1l2, orthogonal_regularizer"],
  ["a constraint", getConstraint, "max_norm, non_neg, unit_norm, min_max_norm, constraint"],
];

describe("the error about an unknown name", () => {
  it.each(known)("of %s lists every name that is known", (_kind, get, names) => {
    const message = messageOf("ERR_ARGUMENT", () => get("no name is like this one", "argument"));
    expect(message).toContain(`Known: ${names}.`);
  });
});
