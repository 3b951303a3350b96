import type { OutTarget } from "../../arguments/out_argument.js";
import { requireWhole } from "../../arguments/typed_array.js";
import type { Dtype } from "../../keras/dtype_policy.js";
import type { FloatArray, NativeArray } from "../../native/arrays.js";
import { lengthOf, writeTo } from "../../native/intrinsics.js";
import { isSixteenBit, narrowed } from "../../native/sixteen_bit.js";
import { Tensor } from "../../tensor/tensor.js";
import type { ComputedStage } from "./computed.js";
import { lossesOfCall, replaceLosses } from "./losses.js";
import type { PreparedComposite } from "./prepare.js";
import { resultsOf } from "./settings.js";

/** The results of a call: the output or both outputs, and then the states if the composite returns them. */
export type CompositeOutcome = readonly Tensor<FloatArray>[];

/** Makes the results of a call. The layers change only after every step that can fail. */
export function finishCall(prepared: PreparedComposite, stages: readonly ComputedStage[]): CompositeOutcome {
  const { composite, batch, timesteps, out } = prepared;
  const losses = lossesOfCall(prepared, stages);
  const last = stages.at(-1) as ComputedStage;
  const states = stages.flatMap(({ halves }) => halves.map(({ state }) => state));
  const values = composite.returnState ? [...(last.outputs ?? []), ...states] : (last.outputs ?? []);
  const results = resultsOf(composite, batch, timesteps).map(({ shape, dtype }, index) => {
    const isState = index >= (last.outputs?.length ?? 0);
    // A stateful layer keeps its state, so the caller gets a copy.
    return { shape, data: inDtype(values[index] as NativeArray, dtype, isState), dtype };
  });
  const outcome =
    out === null
      ? results.map(({ data, shape, dtype }) => new Tensor(data, shape, dtype))
      : copyToOut(
          out,
          results.map(({ data }) => data),
        );
  commitStates(prepared, states);
  replaceLosses(composite, losses);
  return outcome;
}

/** Returns values in the form that results have. */
export function inDtype(values: NativeArray, dtype: Dtype, copy: boolean): FloatArray {
  if (isSixteenBit(dtype)) return narrowed(values as Float32Array, dtype);
  return copy ? (values.slice() as NativeArray) : values;
}

/** Makes the last states the carried states of the stateful layers. */
export function commitStates({ halves, batch }: PreparedComposite, states: readonly NativeArray[]): void {
  halves.forEach(({ layer }, index) => {
    layer.carried?.commit(batch, states[index] as NativeArray);
  });
}

/** Copies the results to the memory of `out`. Nothing is written when a part of this memory has been detached. */
function copyToOut(out: readonly OutTarget[], results: readonly FloatArray[]): CompositeOutcome {
  out.forEach(({ data }, index) => {
    requireWhole(data, lengthOf(results[index] as FloatArray), "out");
  });
  return out.map(({ data, tensor }, index) => {
    writeTo(data, results[index] as FloatArray);
    return tensor;
  });
}
