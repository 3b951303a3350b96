// The models of these tests: those of data/, which layer_models.py and whole_models.py make with real Keras.
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import {
  type GoldenModel,
  goldenModels,
  type ModelCall,
  type ModelTensor,
  type Nested,
} from "../../golden/models/models.js";
import { numbersOf, relativeError } from "../../golden/reader.js";

/** Reads the models of all groups. */
export function tfjsModels(): GoldenModel[] {
  return goldenModels(undefined, fileURLToPath(new URL("./data/", import.meta.url)));
}

/** Returns the tensors of lists and objects, in the order in which Keras flattens them. */
export function flat(nested: Nested<ModelTensor>): ModelTensor[] {
  if (Array.isArray(nested)) return nested.flatMap(flat);
  if (typeof (nested as { dtype?: unknown }).dtype === "string") return [nested as ModelTensor];
  const object = nested as { [key: string]: Nested<ModelTensor> };
  return Object.keys(object)
    .sort()
    .flatMap((key) => flat(object[key] as Nested<ModelTensor>));
}

/** Returns a tensor of tfjs. */
export function tensorOf({ dtype, shape, data }: ModelTensor): tf.Tensor {
  const kind = dtype === "int32" ? "int32" : dtype === "bool" ? "bool" : "float32";
  return tf.tensor(kind === "float32" ? Float32Array.from(data) : (data as Uint8Array), shape, kind);
}

/** Makes the calls of a golden model, and returns the outputs of each. */
export function predictAll(model: tf.LayersModel, calls: readonly ModelCall[]): tf.Tensor[][] {
  return calls.map(({ inputs, resetBefore }) => {
    if (resetBefore) model.resetStates();
    return [model.predict(flat(inputs).map(tensorOf))].flat();
  });
}

/** Returns the largest relative error of the outputs of all calls, or infinity where their shapes differ. */
export function worstError(outputs: readonly tf.Tensor[], calls: readonly ModelCall[]): number {
  const wanted = calls.flatMap(({ outputs: expected }) => flat(expected));
  if (wanted.length !== outputs.length) return Number.POSITIVE_INFINITY;
  const errors = wanted.map((tensor, index) => {
    const actual = outputs[index] as tf.Tensor;
    if (actual.shape.join() !== tensor.shape.join()) return Number.POSITIVE_INFINITY;
    return relativeError(actual.dataSync(), numbersOf(tensor));
  });
  return Math.max(...errors);
}
