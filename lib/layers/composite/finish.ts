import type { OutTarget } from "../../arguments/out_argument.js";
import { requireWhole } from "../../arguments/typed_array.js";
import type { Dtype } from "../../keras/dtype_policy.js";
import type { FloatArray, NativeArray } from "../../native/arrays.js";
import { lengthOf, writeTo } from "../../native/intrinsics.js";
import { isSixteenBit, narrowed } from "../../native/sixteen_bit.js";
import { Tensor } from "../../tensor/tensor.js";
import { type Composite, lastStage, outputShapes } from "./composite.js";
import type { ComputedHalf, ComputedStage } from "./computed.js";
import { clearLosses, lossesOfCall, regularizesActivity, replaceLosses } from "./losses.js";
import type { PreparedComposite } from "./prepare.js";
import { statesOf } from "./settings.js";

/** The results of a call: the output or both outputs, and then the states if the composite returns them. */
export type CompositeOutcome = readonly Tensor<FloatArray>[];

/** Makes the results of a call. The layers change only after every step that can fail. */
export function finishCall(prepared: PreparedComposite, stages: readonly ComputedStage[]): CompositeOutcome {
  const { composite, batch, timesteps, out } = prepared;
  const losses = regularizesActivity(composite) ? lossesOfCall(prepared, stages) : null;
  const { outputs } = stages.at(-1) as ComputedStage;
  const last = lastStage(composite);
  const shapes = outputShapes(last, batch, timesteps);
  const results = (outputs as readonly NativeArray[]).map(
    (values, index) => new Tensor(inDtype(values, last.dtype, false), shapes[index] as number[], last.dtype),
  );
  if (composite.returnState) results.push(...stateTensors(composite, batch, stages));
  const outcome = out === null ? results : copyToOut(out, results);
  commitStates(prepared, stages);
  if (losses === null) clearLosses(composite);
  else replaceLosses(composite, losses);
  return outcome;
}

/** Returns copies of the last states of all halves, because a stateful layer keeps its state. */
function stateTensors(composite: Composite, batch: number, stages: readonly ComputedStage[]): Tensor<FloatArray>[] {
  const states = stages.flatMap(({ halves }) => halves.map(({ state }) => state));
  return statesOf(composite, batch).map(
    ({ shape, dtype }, index) => new Tensor(inDtype(states[index] as NativeArray, dtype, true), shape, dtype),
  );
}

/** Returns values in the form that results have. */
export function inDtype(values: NativeArray, dtype: Dtype, copy: boolean): FloatArray {
  if (isSixteenBit(dtype)) return narrowed(values as Float32Array, dtype);
  return copy ? (values.slice() as NativeArray) : values;
}

/** Makes the last states the carried states of the stateful layers. */
export function commitStates({ stages, batch }: PreparedComposite, computed: readonly ComputedStage[]): void {
  stages.forEach(({ halves }, stage) => {
    const own = (computed[stage] as ComputedStage).halves;
    halves.forEach(({ layer }, half) => {
      layer.carried?.commit(batch, (own[half] as ComputedHalf).state);
    });
  });
}

/** Copies the results to the memory of `out`. Nothing is written when a part of this memory has been detached. */
function copyToOut(out: readonly OutTarget[], results: CompositeOutcome): CompositeOutcome {
  out.forEach(({ data }, index) => {
    requireWhole(data, lengthOf((results[index] as Tensor<FloatArray>).data), "out");
  });
  return out.map(({ data, tensor }, index) => {
    const { data: result } = results[index] as Tensor<FloatArray>;
    if (result !== data) writeTo(data, result);
    return tensor;
  });
}
