import type * as tfjs from "@tensorflow/tfjs";
import { addLossGradient, constrain, lossOf as loss } from "../../arguments/lent.js";
import type { Constraint } from "../../keras/constraints.js";
import type { Regularizer } from "../../keras/regularizers.js";
import { tf } from "./load_tfjs.js";

/** Returns an initializer for tfjs that sets `data`. */
export function initializerOf(data: Float32Array): { apply(shape: number[]): tfjs.Tensor } {
  return { apply: (shape) => tf.tensor(data, shape, "float32") };
}

/** Returns the regularizer's loss of `weight`, a scalar that tfjs can differentiate. */
export function lossOf(regularizer: Regularizer, weight: tfjs.Tensor): tfjs.Scalar {
  const differentiable = tf.customGrad(() => {
    const values = weight.dataSync() as Float32Array;
    const gradFunc = (upstream: tfjs.Tensor): tfjs.Tensor[] => {
      const gradient = new Float32Array(values.length);
      addLossGradient(regularizer, gradient, values, weight.shape, upstream.dataSync()[0] as number);
      return [tf.tensor(gradient, weight.shape)];
    };
    return { value: tf.scalar(loss(regularizer, values, weight.shape)), gradFunc };
  });
  return differentiable(weight) as tfjs.Scalar;
}

/** Returns the values of `weight` after projection by `constraint`. */
export function projected(constraint: Constraint, weight: tfjs.Tensor): tfjs.Tensor {
  const values = Float32Array.from(weight.dataSync());
  constrain(constraint, values, weight.shape, "the layer");
  return tf.tensor(values, weight.shape);
}
