import { type GRU, type Tensor, type TensorDtype, tensor } from "cudnn-gru";
import type { GoldenCall, GoldenTensor } from "../../golden/reader.js";

/** A golden tensor as users pass it. */
export function tensorOf({ data, shape, dtype }: GoldenTensor): Tensor {
  return tensor(data, shape, dtype === "uint8" ? "bool" : (dtype as TensorDtype));
}

/** The arguments of a golden call beside its inputs. */
export function argumentsOf(call: GoldenCall) {
  return {
    ...(call.training === undefined ? {} : { training: call.training }),
    ...(call.mask === undefined ? {} : { mask: tensorOf(call.mask) }),
    ...(call.initial_state === undefined ? {} : { initial_state: tensorOf(call.initial_state) }),
  };
}

/** A call's results as a list. */
export function listed(result: Tensor | [Tensor, Tensor]): Tensor[] {
  return Array.isArray(result) ? result : [result];
}

/** Numbers in [-scale, scale) that are the same on every run. */
export function numbers(shape: number[], seed: number, scale = 1, dtype: "float32" | "float64" = "float32"): Tensor {
  const length = shape.reduce((product, size) => product * size, 1);
  const data = dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
  let state = seed >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = (state / 2 ** 31 - 1) * scale;
  }
  return tensor(data, shape);
}

/** Sets a layer's weights, including biases, to values that are the same on every run. */
export function setNumbers(gru: GRU, features: number, seed: number): void {
  gru.build([null, null, features]);
  const dtype = gru.weights[0]?.dtype === "float64" ? "float64" : "float32";
  gru.setWeights(gru.weights.map(({ shape }, i) => numbers([...shape], seed + i, 0.6, dtype)));
}
