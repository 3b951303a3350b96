import { readCall } from "../../arguments/read_call.js";
import { requireKnown } from "../../keras/unknown_objects.js";
import type { NativeGru, NativePass } from "../../native/binding.js";
import { callArguments, type NativeCallArguments } from "../../native/contract.js";
import { lockedWhile } from "../../variables/variable.js";
import { runCancellable, runSubmittedCall, submitCall } from "../async/submit_call.js";
import { type PreparedCall, prepareCall } from "../call/prepare_call.js";
import { outputShapeOf, type PassArrays, passArrays } from "../call/result_arrays.js";
import { runCall } from "../call/run_call.js";
import type { LayerParts } from "../layer_parts.js";
import { GRUPass, tensorOf } from "./pass.js";
import { activityWithGradients, type PassWeight, passWeights, weightLosses } from "./pass_losses.js";

/** Computes on this thread. Throws the errors of `GRULayer.forward`. */
export function forward(layer: LayerParts, inputs: unknown, args: unknown): GRUPass {
  const { options, weights } = layer;
  weights.requireFree("forward");
  requireLosses(layer);
  const read = readCall(options, weights.features, inputs, args, "forward");
  const call = prepareCall(layer, { method: "forward", read });
  const usedWeights = passWeights(call.weights, layer.owner.trainable);
  return runCall(layer, call, (gru) => {
    const arrays = passArrays(layer, call);
    const nativeArguments = callArguments(call, arrays);
    const nativePass =
      layer.custom === null
        ? gru.forward(...nativeArguments)
        : layer.custom.run((functions) => gru.forward(...nativeArguments, functions));
    return finishPass(layer, call, { nativePass, arrays, weights: usedWeights });
  });
}

/** Computes on the executor's threads. Never throws. Rejects with the errors of `GRULayer.forwardAsync`. */
export function forwardAsync(layer: LayerParts, inputs: unknown, args: unknown): Promise<GRUPass> {
  return submitCall(layer, "forwardAsync", args, (signal) => {
    requireLosses(layer);
    const read = readCall(layer.options, layer.weights.features, inputs, args, "forwardAsync");
    const call = prepareCall(layer, { method: "forwardAsync", read, signal });
    const usedWeights = passWeights(call.weights, layer.owner.trainable);
    return runSubmittedCall(layer, call, signal, async ({ gru, computed }) => {
      const arrays = passArrays(layer, call);
      const nativeArguments = callArguments(call, arrays);
      const [nativePass, ...times] = await computePass(gru, signal, nativeArguments);
      computed(...times);
      return finishPass(layer, call, { nativePass, arrays, weights: usedWeights });
    });
  });
}

/** Computes a pass on the executor's threads. Frees it when the call was aborted after the computation had ended. */
async function computePass(gru: NativeGru, signal: AbortSignal | null, args: NativeCallArguments) {
  const made: NativePass[] = [];
  try {
    return await runCancellable(signal, async (token) => {
      const result = await gru.forwardAsync(token, ...args);
      made.push(result[0]);
      return result;
    });
  } catch (error) {
    made[0]?.dispose();
    throw error;
  }
}

/** Throws `ERR_UNSUPPORTED` when a loss of the pass cannot be computed. This happens before anything changes. */
function requireLosses({ options, owner }: LayerParts): void {
  requireKnown(options.activityRegularizer);
  if (!owner.trainable) return;
  requireKnown(
    options.kernelRegularizer,
    options.recurrentRegularizer,
    options.useBias ? options.biasRegularizer : null,
  );
}

/** The results of a forward computation: the arrays it wrote, and the weights it computed with. */
interface ComputedForward {
  readonly nativePass: NativePass;
  readonly arrays: PassArrays;
  readonly weights: readonly PassWeight[];
}

/** Makes the pass. The layer changes only after every step that can fail. */
function finishPass(layer: LayerParts, call: PreparedCall, { nativePass, arrays, weights }: ComputedForward): GRUPass {
  const { carried, owner, custom, options } = layer;
  const { units, computeDtype, kernelDtype, rounding } = options;
  const { batch, timesteps, features } = call;
  const { output, state } = arrays;
  try {
    const outputShape = outputShapeOf(layer, call);
    const stateShape = [batch, units];
    const [activity, losses] = lockedWhile(owner, () => [
      activityWithGradients(options, { output, outputShape, state, stateShape }),
      weightLosses(weights),
    ]);
    const pass = new GRUPass({
      nativePass,
      dtype: computeDtype,
      kernelDtype,
      inputShape: [batch, timesteps, features],
      output: tensorOf(output, outputShape, computeDtype),
      // The layer keeps a carried state, so the pass gets a copy.
      state: tensorOf(carried === null || rounding !== null ? state : state.slice(), stateShape, computeDtype),
      losses: [...activity.losses, ...losses],
      activity,
      weights,
      custom,
    });
    carried?.commit(batch, state);
    layer.activityLosses = activity.losses;
    return pass;
  } catch (error) {
    nativePass.dispose();
    throw error;
  }
}
