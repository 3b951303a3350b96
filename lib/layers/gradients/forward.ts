import { readForward } from "../../arguments/forward.js";
import { requireKnown } from "../../keras/unknown_objects.js";
import type { NativeTape } from "../../native/binding.js";
import { callArguments, type NativeCallArrays } from "../../native/contract.js";
import { lockedWhile } from "../../variables/variable.js";
import { cancellable, runInTurn, submitCall } from "../async/submit_call.js";
import { type PreparedCall, prepareCall } from "../call/prepare_call.js";
import { outputShapeOf, passArrays } from "../call/result_arrays.js";
import { runCall } from "../call/run_call.js";
import type { LayerParts } from "../layer_parts.js";
import { GRUPass, tensorOf } from "./pass.js";
import { activityOf, type WeightTerm, weightLosses, weightTerms } from "./pass_losses.js";

/** Computes on this thread. Throws as `GRULayer.forward`. */
export function forward(layer: LayerParts, inputs: unknown, args: unknown): GRUPass {
  const { options, weights } = layer;
  weights.requireFree("forward");
  requireLosses(layer);
  const read = readForward(options, weights.features, inputs, args, false);
  const call = prepareCall(layer, { method: "forward", read });
  const terms = weightTerms(call.weights, layer.owner.trainable);
  return runCall(layer, call, (gru) => {
    const arrays = passArrays(layer, call);
    const nativeArguments = callArguments(call, arrays);
    const tape =
      layer.custom === null
        ? gru.forward(...nativeArguments)
        : layer.custom.run((functions) => gru.forward(...nativeArguments, functions));
    return finishPass(layer, call, { tape, arrays, terms });
  });
}

/** Computes on the executor's threads. Never throws: rejects as `GRULayer.forwardAsync`. */
export function forwardAsync(layer: LayerParts, inputs: unknown, args: unknown): Promise<GRUPass> {
  return submitCall(layer, "forwardAsync", args, (signal) => {
    requireLosses(layer);
    const read = readForward(layer.options, layer.weights.features, inputs, args, true);
    const call = prepareCall(layer, { method: "forwardAsync", read, signal });
    const terms = weightTerms(call.weights, layer.owner.trainable);
    return runInTurn(layer, call, signal, async ({ gru, computed }) => {
      const arrays = passArrays(layer, call);
      const nativeArguments = callArguments(call, arrays);
      const started = performance.now();
      const tapes: NativeTape[] = [];
      try {
        await cancellable(signal, async (token) => tapes.push(await gru.forwardAsync(token, ...nativeArguments)));
      } catch (error) {
        // Aborted when the computation had ended already.
        tapes[0]?.dispose();
        throw error;
      }
      computed(0, performance.now() - started);
      return finishPass(layer, call, { tape: tapes[0] as NativeTape, arrays, terms });
    });
  });
}

/** Throws `ERR_UNSUPPORTED` where a loss of the pass cannot be computed, before anything changes. */
function requireLosses({ options, owner }: LayerParts): void {
  requireKnown(options.activityRegularizer);
  if (!owner.trainable) return;
  requireKnown(
    options.kernelRegularizer,
    options.recurrentRegularizer,
    options.useBias ? options.biasRegularizer : null,
  );
}

/** What a forward computation left: the arrays it wrote, and the weights it computed with. */
interface Computed {
  readonly tape: NativeTape;
  readonly arrays: NativeCallArrays;
  readonly terms: readonly WeightTerm[];
}

/** Makes the pass. Nothing of the layer changes before everything that can fail is done. */
function finishPass(layer: LayerParts, call: PreparedCall, { tape, arrays, terms }: Computed): GRUPass {
  const { carried, owner, custom, options } = layer;
  const { units, computeDtype, kernelDtype, rounding } = options;
  const { batch, timesteps, features } = call;
  const { output, state } = arrays as NativeCallArrays & { output: typeof arrays.state };
  try {
    const outputShape = outputShapeOf(layer, call);
    const stateShape = [batch, units];
    const [activity, losses] = lockedWhile(owner, () => [
      activityOf(options, { output, outputShape, state, stateShape }),
      weightLosses(terms),
    ]);
    const pass = new GRUPass({
      tape,
      dtype: computeDtype,
      kernelDtype,
      inputShape: [batch, timesteps, features],
      output: tensorOf(output, outputShape, computeDtype),
      // A carried state stays the layer's own.
      state: tensorOf(carried === null || rounding !== null ? state : state.slice(), stateShape, computeDtype),
      losses: [...activity.losses, ...losses],
      activity,
      terms,
      custom,
    });
    carried?.commit(batch, state);
    layer.activityLosses = activity.losses;
    return pass;
  } catch (error) {
    tape.dispose();
    throw error;
  }
}
