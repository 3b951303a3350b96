import type { GRUOptions } from "../../arguments/constructor.js";
import { kernelArray } from "../../arguments/convert.js";
import { allocate } from "../../arguments/memory.js";
import { addLossGradient, lossOf } from "../../arguments/user_code.js";
import type { Dtype } from "../../keras/dtype_policy.js";
import type { Regularizer } from "../../keras/regularizers.js";
import type { NativeArray } from "../../native/binding.js";
import { isSixteenBit, rounded } from "../../native/sixteen_bit.js";
import type { FloatArray } from "../../tensor/tensor.js";
import { variableData } from "../../variables/variable.js";
import { activityLoss } from "../call/activity_losses.js";
import type { GRUWeights } from "../weights/gru_weights.js";

/** A weight that a pass was computed with, and the regularizer of its loss (`null` when it has no loss). */
export interface PassWeight {
  /** The elements of the weight. Empty without a regularizer, so that an optimizer can change the weight in place. */
  readonly values: FloatArray;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly regularizer: Regularizer | null;
}

const NOTHING = new Float32Array(0);

/** Returns the current weights, in Keras's order. Weights that are not trainable have no losses. */
export function passWeights(weights: GRUWeights, trainable: boolean): PassWeight[] {
  return weights.variables.map((variable) => {
    const { dtype, shape } = variable;
    const regularizer = trainable ? variable.regularizer : null;
    return { values: regularizer === null ? NOTHING : variableData(variable), dtype, shape, regularizer };
  });
}

/** Returns the losses of the weights' regularizers, in Keras's order. */
export function weightLosses(weights: readonly PassWeight[]): number[] {
  return weights.flatMap(({ regularizer, values, dtype, shape }) => {
    if (regularizer === null) return [];
    const loss = lossOf(regularizer, kernelArray(values, dtype), shape);
    return [isSixteenBit(dtype) ? rounded(loss, dtype) : loss];
  });
}

/** Adds the gradients of `weightLosses`, times `factor`, to `gradients`, which has one array for each weight. */
export function addWeightGradients(
  gradients: readonly NativeArray[],
  weights: readonly PassWeight[],
  factor: number,
): void {
  weights.forEach(({ regularizer, values, dtype, shape }, index) => {
    if (regularizer === null) return;
    addLossGradient(regularizer, gradients[index] as NativeArray, kernelArray(values, dtype), shape, factor);
  });
}

/**
 * The activity regularizer's losses of a call's results, and the gradients of these losses with respect to the results.
 */
export interface ActivityWithGradients {
  readonly losses: readonly number[];
  readonly output: NativeArray | null;
  readonly state: NativeArray | null;
}

/** The results of a forward computation, in the type that gradients are computed in. */
export interface ForwardResults {
  readonly output: NativeArray;
  readonly outputShape: readonly number[];
  readonly state: NativeArray;
  readonly stateShape: readonly number[];
}

const NO_ACTIVITY: ActivityWithGradients = { losses: [], output: null, state: null };

/**
 * Computes the losses of the output and, with `return_state`, of the state. As in Keras, each loss is divided by the
 * batch size. Throws any error of the regularizer.
 */
export function activityWithGradients(
  options: GRUOptions,
  { output, outputShape, state, stateShape }: ForwardResults,
): ActivityWithGradients {
  const { activityRegularizer, returnState, kernelDtype, rounding } = options;
  if (activityRegularizer === null) return NO_ACTIVITY;
  const lossAndGradient = (values: NativeArray, shape: readonly number[]) => {
    const gradient = allocate(kernelDtype, values.length, "gradient");
    const batch = shape[0] as number;
    if (batch > 0) addLossGradient(activityRegularizer, gradient, values, shape, 1 / batch);
    const loss = activityLoss(activityRegularizer, values, shape);
    return { loss: rounding === null ? loss : rounded(loss, rounding), gradient };
  };
  const first = lossAndGradient(output, outputShape);
  if (!returnState) return { losses: [first.loss], output: first.gradient, state: null };
  const second = lossAndGradient(state, stateShape);
  return { losses: [first.loss, second.loss], output: first.gradient, state: second.gradient };
}

/** Returns `factor * own + other` for gradients of one shape, where `null` means zeros. May write to `own`. */
export function scaledSum(own: NativeArray | null, factor: number, other: NativeArray | null): NativeArray | null {
  if (own === null) return other;
  if (factor === 1 && other === null) return own;
  for (let i = 0; i < own.length; i++)
    own[i] = (own[i] as number) * factor + (other === null ? 0 : (other[i] as number));
  return own;
}
