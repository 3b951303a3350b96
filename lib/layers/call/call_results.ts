import { writeTo } from "../../arguments/intrinsics.js";
import type { OutTarget } from "../../arguments/out.js";
import { requireWhole } from "../../arguments/typed_array.js";
import type { FloatArray, NativeArray } from "../../native/arrays.js";
import type { NativeCallArrays } from "../../native/contract.js";
import { narrowed, type SixteenBitDtype } from "../../native/sixteen_bit.js";
import { Tensor } from "../../tensor/tensor.js";
import type { LayerParts } from "../layer_parts.js";
import { activityLosses } from "./activity_losses.js";
import { type PreparedCall, padsLastOutput } from "./prepare_call.js";
import { outputShapeOf } from "./result_arrays.js";

/** The results of one call; `state` is `null` without `return_state`. */
export interface CallOutcome {
  readonly output: Tensor<FloatArray>;
  readonly state: Tensor<FloatArray> | null;
}

/** The results of a call, from the arrays that the addon wrote. Nothing of the layer changes before everything that can fail is done. */
export function finishCall(layer: LayerParts, call: PreparedCall, arrays: NativeCallArrays): CallOutcome {
  if (call.combined !== null && padsLastOutput(layer)) zeroMasked(arrays.output, call.combined.endsMasked);
  const losses = activityLosses(layer, call, arrays);
  const outcome = call.out === null ? newTensors(layer, call, arrays) : deliver(layer, call.out, arrays);
  layer.carried?.commit(call.batch, arrays.state);
  layer.activityLosses = losses;
  return outcome;
}

/** Writes the zeros of `zero_output_for_mask` to the rows whose own mask ends masked. */
function zeroMasked(output: FloatArray, endsMasked: readonly boolean[]): void {
  const units = output.length / endsMasked.length;
  endsMasked.forEach((masked, row) => {
    if (masked) output.fill(0, row * units, (row + 1) * units);
  });
}

function newTensors(layer: LayerParts, call: PreparedCall, { output, state }: NativeCallArrays): CallOutcome {
  const { returnState, units, computeDtype, rounding } = layer.options;
  const tensor = new Tensor(output, outputShapeOf(layer, call), computeDtype);
  if (!returnState) return { output: tensor, state: null };
  // A carried state stays the layer's own, so the caller gets a copy.
  const own = layer.carried === null || rounding !== null ? state : state.slice();
  return { output: tensor, state: new Tensor(inComputeDtype(own, rounding), [call.batch, units], computeDtype) };
}

/** Writes the results to the memory of `out`, where the addon did not write them there itself. */
function deliver(
  { options }: LayerParts,
  out: NonNullable<PreparedCall["out"]>,
  { output, state }: NativeCallArrays,
): CallOutcome {
  // The memory that an asynchronous call fills at its end may be gone, and code of the caller's may have run meanwhile.
  requireWhole(out.output.data, output.length, "out");
  if (out.state !== null) requireWhole(out.state.data, state.length, "out");
  return {
    output: written(output, out.output),
    state: out.state === null ? null : written(inComputeDtype(state, options.rounding), out.state),
  };
}

function written(computed: FloatArray, target: OutTarget): Tensor<FloatArray> {
  if (target.data !== computed && computed.length > 0) writeTo(target.data, computed);
  return target.tensor;
}

/** A state, which the addon leaves in float32. */
function inComputeDtype(state: NativeArray, rounding: SixteenBitDtype | null): FloatArray {
  return rounding === null ? state : narrowed(state as Float32Array, rounding);
}
