import { allocate } from "../../arguments/memory.js";
import { checkedProduct } from "../../arguments/shapes.js";
import { readWarmUp } from "../../arguments/warm_up.js";
import { QueuePlace } from "../../backend/call_queue.js";
import { CALL_FLAGS, callArguments, type NativeCall } from "../../native/contract.js";
import { native } from "../../native/load.js";
import { newState } from "../call/result_arrays.js";
import type { LayerParts } from "../layer_parts.js";
import { nextToken, requireAsynchronous } from "./submit_call.js";

/**
 * Computes on zeros, on the path of calls of these sizes: once on the CUDA device; or once with every thread and then once on
 * each thread at the same time. Afterwards the native memory and the threads of a call are there. The results are thrown
 * away, and nothing of the layer changes. Rejects as `GRULayer.warmUp`.
 */
export async function warmUp(layer: LayerParts, sizes: unknown): Promise<void> {
  layer.weights.requireFree("warmUp");
  const { batch, timesteps } = readWarmUp(sizes);
  const weights = layer.weights.requireBuilt("warmUp");
  requireAsynchronous(layer, "warmUp");
  const { features } = weights;
  const pathFlags = layer.path.flagsFor({ batch, timesteps, features, mask: null, lengths: null, training: false });
  using _place = new QueuePlace("warmUp");
  await layer.inFlight.hold(async () => {
    const gru = weights.packed();
    const { computeDtype, units } = layer.options;
    const call: NativeCall = {
      inputs: allocate(computeDtype, checkedProduct([batch, timesteps, features], "inputs"), "inputs"),
      mask: null,
      lengths: null,
      dropout: null,
      batch,
      timesteps,
      // Calls that return only the last output need the most scratch memory, and the least memory of any other kind here.
      flags: (layer.flags & ~CALL_FLAGS.returnSequences) | pathFlags,
    };
    const compute = () => {
      const output = allocate(computeDtype, checkedProduct([batch, units], "output"), "output");
      const arrays = { output, state: newState(layer, batch), initialState: null };
      return gru.callAsync(nextToken(), ...callArguments(call, arrays));
    };
    await compute();
    if (pathFlags === 0) await Promise.all(Array.from({ length: native().cpuInfo().threads }, compute));
  });
}
