import type { GRUOptions } from "../../arguments/constructor.js";
import { kernelArray } from "../../arguments/convert.js";
import { addLossGradient, lossOf } from "../../arguments/lent.js";
import { allocate } from "../../arguments/memory.js";
import type { Dtype } from "../../keras/dtype_policy.js";
import type { Regularizer } from "../../keras/regularizers.js";
import type { NativeArray } from "../../native/binding.js";
import { isSixteenBit, rounded } from "../../native/sixteen_bit.js";
import type { FloatArray } from "../../tensor/tensor.js";
import { variableData } from "../../variables/variable.js";
import { activityLoss } from "../call/activity_losses.js";
import type { GRUWeights } from "../weights/gru_weights.js";

/** One weight as a pass used it, and what its loss comes from (`null`: it has none). */
export interface WeightTerm {
  /** Empty where there is no regularizer: an optimizer can then change the weight in place. */
  readonly values: FloatArray;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly regularizer: Regularizer | null;
}

const NOTHING = new Float32Array(0);

/** The weights as they are now, in Keras's order; weights that are not trainable have no losses. */
export function weightTerms(weights: GRUWeights, trainable: boolean): WeightTerm[] {
  return weights.variables.map((variable) => {
    const { dtype, shape } = variable;
    const regularizer = trainable ? variable.regularizer : null;
    return { values: regularizer === null ? NOTHING : variableData(variable), dtype, shape, regularizer };
  });
}

/** The regularizers' losses, in Keras's order. */
export function weightLosses(terms: readonly WeightTerm[]): number[] {
  return terms.flatMap(({ regularizer, values, dtype, shape }) => {
    if (regularizer === null) return [];
    const loss = lossOf(regularizer, kernelArray(values, dtype), shape);
    return [isSixteenBit(dtype) ? rounded(loss, dtype) : loss];
  });
}

/** Adds the gradients of `weightLosses`, times `factor`, to `gradients`, one for each term. */
export function addWeightGradients(
  gradients: readonly NativeArray[],
  terms: readonly WeightTerm[],
  factor: number,
): void {
  terms.forEach(({ regularizer, values, dtype, shape }, index) => {
    if (regularizer === null) return;
    addLossGradient(regularizer, gradients[index] as NativeArray, kernelArray(values, dtype), shape, factor);
  });
}

/** The activity regularizer's losses of a call's results, and their gradients with respect to them. */
export interface Activity {
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

const NO_ACTIVITY: Activity = { losses: [], output: null, state: null };

/**
 * Judges output and, with `return_state`, state; each loss is divided by the batch size, as in Keras. Throws what the
 * regularizer throws.
 */
export function activityOf(options: GRUOptions, { output, outputShape, state, stateShape }: ForwardResults): Activity {
  const { activityRegularizer, returnState, kernelDtype, rounding } = options;
  if (activityRegularizer === null) return NO_ACTIVITY;
  const judged = (values: NativeArray, shape: readonly number[]) => {
    const gradient = allocate(kernelDtype, values.length, "gradient");
    const batch = shape[0] as number;
    if (batch > 0) addLossGradient(activityRegularizer, gradient, values, shape, 1 / batch);
    const loss = activityLoss(activityRegularizer, values, shape);
    return { loss: rounding === null ? loss : rounded(loss, rounding), gradient };
  };
  const first = judged(output, outputShape);
  if (!returnState) return { losses: [first.loss], output: first.gradient, state: null };
  const second = judged(state, stateShape);
  return { losses: [first.loss, second.loss], output: first.gradient, state: second.gradient };
}

/** `factor * own + other`, gradients of one shape, `null` being zeros. May write to `own`. */
export function sumOf(own: NativeArray | null, factor: number, other: NativeArray | null): NativeArray | null {
  if (own === null) return other;
  if (factor === 1 && other === null) return own;
  for (let i = 0; i < own.length; i++)
    own[i] = (own[i] as number) * factor + (other === null ? 0 : (other[i] as number));
  return own;
}
