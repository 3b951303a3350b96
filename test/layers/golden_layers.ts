import { GRU, type GRUArgumentsWithUnits, type Tensor, type TensorDtype, tensor } from "cudnn-gru";
import { injectDropoutMasks } from "../../dist/layers/call/dropout.js";
import { type GoldenCall, type GoldenCase, type GoldenTensor, numbersOf } from "../golden/reader.js";

/** A golden tensor as an input. */
export function tensorOf({ data, shape, dtype }: GoldenTensor): Tensor {
  return tensor(data, shape, dtype === "uint8" ? "bool" : (dtype as TensorDtype));
}

/** The layer of a case, on the CPU path, with its weights. */
export function layerOf(golden: GoldenCase): GRU {
  const gru = new GRU({ ...golden.arguments, use_cudnn: false } as GRUArgumentsWithUnits);
  gru.build([null, null, golden.call.inputs.shape[2] as number]);
  gru.setWeights(golden.weights.map(tensorOf));
  return gru;
}

/** Makes the layer use the dropout masks that Keras drew for a call. */
export function inject(gru: GRU, call: GoldenCall): void {
  injectDropoutMasks(gru, { input: maskOf(call.input_dropout), recurrent: maskOf(call.recurrent_dropout) });
}

/** Multipliers as the kernels take them: 16-bit ones are float32. */
function maskOf(golden: GoldenTensor | undefined): Float32Array | Float64Array | null {
  if (golden === undefined) return null;
  return golden.data instanceof Uint16Array ? Float32Array.from(numbersOf(golden)) : (golden.data as Float32Array);
}

/** The arguments of a call, beside its inputs. */
export function argumentsOf(call: GoldenCall) {
  return {
    ...(call.training === undefined ? {} : { training: call.training }),
    ...(call.mask === undefined ? {} : { mask: tensorOf(call.mask) }),
    ...(call.initial_state === undefined ? {} : { initial_state: tensorOf(call.initial_state) }),
  };
}
