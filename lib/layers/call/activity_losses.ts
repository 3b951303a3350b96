import { kernelArray } from "../../arguments/convert.js";
import { lossOf } from "../../arguments/user_code.js";
import type { Regularizer } from "../../keras/regularizers.js";
import { UnknownRegularizer } from "../../keras/unknown_objects.js";
import type { NativeArray } from "../../native/arrays.js";
import type { NativeCallArrays } from "../../native/contract.js";
import { rounded } from "../../native/sixteen_bit.js";
import { lockedWhile } from "../../variables/variable.js";
import type { LayerParts } from "../layer_parts.js";
import { type CombinedRows, rowsOfPart, stepsOfPart } from "./combined_rows.js";
import type { PreparedCall } from "./prepare_call.js";
import { outputShapeOf } from "./result_arrays.js";

const NO_LOSSES: readonly number[] = Object.freeze([]);

/**
 * Returns the activity regularizer's loss of one result. As in Keras, it is divided by the batch size. It is 0 for an
 * empty batch.
 */
export function activityLoss(regularizer: Regularizer, values: NativeArray, shape: readonly number[]): number {
  const batch = shape[0] as number;
  return batch === 0 ? 0 : lossOf(regularizer, values, shape) / batch;
}

/**
 * Returns the activity regularizer's losses of a call, in Keras's order: output, then state. Throws any error of the
 * regularizer.
 */
export function activityLosses(
  layer: LayerParts,
  call: Pick<PreparedCall, "batch" | "timesteps" | "combined">,
  arrays: Results,
): readonly number[] {
  const { activityRegularizer } = layer.options;
  // A regularizer whose code is not known has no loss here. Reading `losses` throws an error, but a call alone does not
  // need the loss.
  if (activityRegularizer === null || activityRegularizer instanceof UnknownRegularizer) return NO_LOSSES;
  return lockedWhile(layer.owner, () =>
    call.combined === null
      ? lossesOf(layer, activityRegularizer, arrays, outputShapeOf(layer, call))
      : lastLosses(layer, activityRegularizer, { rows: call.combined, longest: call.timesteps }, arrays),
  );
}

type Results = Pick<NativeCallArrays, "output" | "state">;

function lossesOf(
  { options }: LayerParts,
  regularizer: Regularizer,
  { output, state }: Results,
  shape: readonly number[],
): readonly number[] {
  const { returnState, units, computeDtype, rounding } = options;
  // The output may already have the form that the kernels compute in.
  const values = output instanceof Uint16Array ? kernelArray(output, computeDtype) : output;
  const losses = [activityLoss(regularizer, values, shape)];
  if (returnState) losses.push(activityLoss(regularizer, state, [shape[0] as number, units]));
  return rounding === null ? losses : losses.map((loss) => rounded(loss, rounding));
}

/**
 * Computes the losses of each request of a combined call, as if the requests were called one after the other, and
 * returns the losses of the last one.
 */
function lastLosses(
  layer: LayerParts,
  regularizer: Regularizer,
  { rows: { parts }, longest }: { rows: CombinedRows; longest: number },
  { output, state }: Results,
): readonly number[] {
  const { returnSequences, goBackwards, units } = layer.options;
  let losses = NO_LOSSES;
  for (const part of parts) {
    const { rows, timesteps } = part;
    const own = {
      output: returnSequences
        ? stepsOfPart(output, part, { longest, units, goBackwards })
        : rowsOfPart(output, part, units),
      state: rowsOfPart(state, part, units),
    };
    losses = lossesOf(layer, regularizer, own, returnSequences ? [rows, timesteps, units] : [rows, units]);
  }
  return losses;
}
