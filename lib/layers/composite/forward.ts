import { readComposite } from "../../arguments/read_composite.js";
import type { NativeArray } from "../../native/arrays.js";
import { tensorOf } from "../gradients/pass.js";
import { type PassWeight, passWeights } from "../gradients/pass_losses.js";
import { runNow } from "./calls.js";
import {
  allLockedWhile,
  builtFeatures,
  type Composite,
  isTrained,
  lastStage,
  outputShapes,
  requireFree,
} from "./composite.js";
import { CompositePass } from "./composite_pass.js";
import type { ComputedPass, ComputedStage } from "./computed.js";
import { commitStates } from "./finish.js";
import { activitiesOfPass, flatLosses, lossesOfWeights, replaceLosses, requireLosses } from "./losses.js";
import { type PreparedComposite, prepareComposite } from "./prepare.js";
import { runnerFor } from "./runner.js";
import { settingsOf, statesOf } from "./settings.js";
import { runInTurn, submitComposite } from "./submit.js";

/** Computes on this thread. Throws the errors of `GRULayer.forward`. */
export function forwardComposite(composite: Composite, inputs: unknown, args: unknown): CompositePass {
  requireFree(composite, "forward");
  requireLosses(composite);
  const read = readComposite(settingsOf(composite), builtFeatures(composite), inputs, args, "forward");
  const prepared = prepareComposite(composite, { method: "forward", read });
  const weights = weightsOf(prepared);
  return runNow(prepared, () => finishPass(prepared, runnerFor(prepared).forward(prepared), weights));
}

/** Computes on the executor's threads. Never throws. Rejects with the errors of `GRULayer.forwardAsync`. */
export function forwardCompositeAsync(composite: Composite, inputs: unknown, args: unknown): Promise<CompositePass> {
  return submitComposite(composite, "forwardAsync", args, (signal) => {
    requireLosses(composite);
    const read = readComposite(settingsOf(composite), builtFeatures(composite), inputs, args, "forwardAsync");
    const prepared = prepareComposite(composite, { method: "forwardAsync", read, signal });
    const weights = weightsOf(prepared);
    return runInTurn(prepared, signal, async (computed) => {
      const { pass, times } = await runnerFor(prepared).forwardAsync(prepared, signal);
      computed(...times);
      return finishPass(prepared, pass, weights);
    });
  });
}

/** Returns the weights of each half. A half that is not trainable, or in a layer that is not, has no losses. */
function weightsOf({ composite, stages }: PreparedComposite): PassWeight[][] {
  return stages.flatMap(({ stage, halves }) =>
    halves.map(({ layer, call }) => passWeights(call.weights, isTrained(composite, stage, layer))),
  );
}

/** Makes the pass. The layers change only after every step that can fail. */
function finishPass(
  prepared: PreparedComposite,
  { stages, backward }: ComputedPass,
  weights: readonly (readonly PassWeight[])[],
): CompositePass {
  const { composite, batch, timesteps, features } = prepared;
  try {
    const [activities, ofWeights] = allLockedWhile(composite, () => [
      activitiesOfPass(prepared, stages),
      lossesOfWeights(weights),
    ]);
    const last = lastStage(composite);
    const shapes = outputShapes(last, batch, timesteps);
    const states = stages.flatMap(({ halves }) => halves.map(({ state }) => state));
    const pass = new CompositePass({
      composite,
      backward,
      inputShape: [batch, timesteps, features],
      outputs: ((stages.at(-1) as ComputedStage).outputs as NativeArray[]).map((values, index) =>
        tensorOf(values, shapes[index] as number[], last.dtype),
      ),
      // A stateful layer keeps its state, so the pass gets a copy.
      states: statesOf(composite, batch).map(({ shape, dtype }, index) =>
        tensorOf((states[index] as NativeArray).slice() as NativeArray, shape, dtype),
      ),
      losses: [...flatLosses(activities), ...ofWeights],
      activities,
      weights,
    });
    commitStates(prepared, stages);
    replaceLosses(composite, activities);
    return pass;
  } catch (error) {
    backward.dispose();
    throw error;
  }
}
