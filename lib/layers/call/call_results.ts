import type { OutTarget } from "../../arguments/out_argument.js";
import { requireWhole } from "../../arguments/typed_array.js";
import type { FloatArray, NativeArray } from "../../native/arrays.js";
import type { NativeCallArrays } from "../../native/contract.js";
import { lengthOf, writeTo } from "../../native/intrinsics.js";
import { narrowed, type SixteenBitDtype } from "../../native/sixteen_bit.js";
import { Tensor } from "../../tensor/tensor.js";
import type { LayerParts } from "../layer_parts.js";
import { activityLosses } from "./activity_losses.js";
import type { PreparedCall } from "./prepare_call.js";
import { outputShapeOf } from "./result_arrays.js";

/** The results of one call. `state` is `null` without `return_state`. */
export interface CallOutcome {
  readonly output: Tensor<FloatArray>;
  readonly state: Tensor<FloatArray> | null;
}

/**
 * Makes the results of a call from the arrays that the addon wrote. The layer changes only after every step that can
 * fail.
 */
export function finishCall(layer: LayerParts, call: PreparedCall, arrays: NativeCallArrays): CallOutcome {
  if (call.zeroedRows !== null) zeroRows(arrays.output, call.zeroedRows);
  const losses = activityLosses(layer, call, arrays);
  const outcome = call.out === null ? newTensors(layer, call, arrays) : copyToOut(layer, call.out, arrays);
  layer.carried?.commit(call.batch, arrays.state);
  layer.activityLosses = losses;
  return outcome;
}

/** Writes the zeros of `zero_output_for_mask` to the rows whose last step is masked by the request itself. */
export function zeroRows(output: FloatArray, zeroed: readonly boolean[]): void {
  if (zeroed.length === 0) return;
  const units = output.length / zeroed.length;
  zeroed.forEach((isZeroed, row) => {
    if (isZeroed) output.fill(0, row * units, (row + 1) * units);
  });
}

function newTensors(layer: LayerParts, call: PreparedCall, { output, state }: NativeCallArrays): CallOutcome {
  const { returnState, units, computeDtype, rounding } = layer.options;
  const tensor = new Tensor(output, outputShapeOf(layer, call), computeDtype);
  if (!returnState) return { output: tensor, state: null };
  // The layer keeps a carried state, so the caller gets a copy.
  const own = layer.carried === null || rounding !== null ? state : state.slice();
  return { output: tensor, state: new Tensor(inComputeDtype(own, rounding), [call.batch, units], computeDtype) };
}

/** Copies the results to the memory of `out`, unless the addon wrote them there itself. */
function copyToOut(
  { options }: LayerParts,
  out: NonNullable<PreparedCall["out"]>,
  { output, state }: NativeCallArrays,
): CallOutcome {
  // An asynchronous call fills this memory at its end. User code may have run meanwhile and may have detached it.
  requireWhole(out.output.data, lengthOf(output), "out");
  if (out.state !== null) requireWhole(out.state.data, lengthOf(state), "out");
  return {
    output: copyToTarget(output, out.output),
    state: out.state === null ? null : copyToTarget(inComputeDtype(state, options.rounding), out.state),
  };
}

function copyToTarget(computed: FloatArray, target: OutTarget): Tensor<FloatArray> {
  if (target.data !== computed && lengthOf(computed) > 0) writeTo(target.data, computed);
  return target.tensor;
}

/** Converts a state to the compute dtype. The addon leaves the state of a 16-bit layer in float32. */
function inComputeDtype(state: NativeArray, rounding: SixteenBitDtype | null): FloatArray {
  return rounding === null ? state : narrowed(state as Float32Array, rounding);
}
