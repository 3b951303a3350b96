import * as tf from "@tensorflow/tfjs";
import { GRU } from "cudnn-gru/tfjs";
import type { GoldenCase, GoldenTensor } from "../golden/reader.js";

/** A golden tensor as one of tfjs. */
export function tensorOf({ data, shape, dtype }: GoldenTensor): tf.Tensor {
  return tf.tensor(data as Float32Array, shape, dtype === "uint8" ? "bool" : dtype === "int32" ? "int32" : "float32");
}

/** The layer of a case, on the CPU path, which has the case's weights once it is called; its arguments are Keras 3's. */
export function layerOf({ arguments: args, weights }: GoldenCase): GRU {
  const config = { zero_output_for_mask: false, ...args, use_cudnn: false, weights: weights.map(tensorOf) };
  return GRU.fromConfig(GRU as never, config as never) as GRU;
}

/** tfjs's first message, on stderr, has no place in the tests' output. */
export function quiet(): void {
  tf.env().set("IS_TEST", true);
}
