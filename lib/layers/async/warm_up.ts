import { allocate } from "../../arguments/memory.js";
import { readWarmUp } from "../../arguments/read_warm_up.js";
import { checkedProduct } from "../../arguments/shapes.js";
import { AsyncPlace } from "../../backend/async_limit.js";
import { whileHeld } from "../../backend/held_place.js";
import { CALL_FLAGS, callArguments, type NativeCall } from "../../native/contract.js";
import { native } from "../../native/load.js";
import { newState } from "../call/result_arrays.js";
import type { LayerParts } from "../layer_parts.js";
import { nextToken, requireAsynchronous } from "./submit_call.js";

/**
 * Computes on zeros, on the path that calls of these sizes take. On the CUDA device it computes once. On the CPU it
 * computes once with every thread, and then once on each thread at the same time. Afterwards the native memory and the
 * threads of a call exist. The results are thrown away, and the layer does not change. Rejects with the errors of
 * `GRULayer.warmUp`.
 */
export async function warmUp(layer: LayerParts, sizes: unknown): Promise<void> {
  layer.weights.requireFree("warmUp");
  const { batch, timesteps } = readWarmUp(sizes);
  const weights = layer.weights.requireBuilt("warmUp");
  requireAsynchronous(layer, "warmUp");
  const { features } = weights;
  const pathFlags = layer.path.flagsFor({ batch, timesteps, features, mask: null, lengths: null, training: false });
  const compute = async () => {
    const gru = weights.packed();
    const { computeDtype, units } = layer.options;
    const call: NativeCall = {
      inputs: allocate(computeDtype, checkedProduct([batch, timesteps, features], "inputs"), "inputs"),
      mask: null,
      lengths: null,
      dropout: null,
      batch,
      timesteps,
      // Of all calls of these sizes, those that return only the last output need the most scratch memory, which is
      // what must exist afterwards, and the least memory for the output, which is thrown away.
      flags: (layer.flags & ~CALL_FLAGS.returnSequences) | pathFlags,
    };
    const computeOnce = () => {
      const output = allocate(computeDtype, checkedProduct([batch, units], "output"), "output");
      const arrays = { output, state: newState(layer, batch), initialState: null };
      return gru.callAsync(nextToken(), ...callArguments(call, arrays));
    };
    await computeOnce();
    if (pathFlags === 0) await Promise.all(Array.from({ length: native().cpuInfo().threads }, computeOnce));
  };
  await whileHeld(new AsyncPlace("warmUp"), () => layer.inFlight.runInFlight(compute));
}
