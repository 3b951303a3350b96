import { GRU, type GRUArguments, type Tensor, tensor } from "cudnn-gru";
import { count, numbers } from "./support.js";

/** The timesteps of `inputsFor`. */
export const TIMESTEPS = 6;

/** Returns the frames of a (batch, timesteps, features) tensor, each as bare data of its kind. */
export function framesOf({ data, shape }: Tensor): Tensor["data"][] {
  const [batch, timesteps, features] = shape as [number, number, number];
  return Array.from({ length: timesteps }, (_, t) => {
    const rows = Array.from({ length: batch }, (_, b) => [
      ...data.subarray((b * timesteps + t) * features, (b * timesteps + t + 1) * features),
    ]);
    return new (data.constructor as Float32ArrayConstructor)(rows.flat());
  });
}

/** Returns the bits, so that -0 and NaN count. */
export function bits({ buffer, byteOffset, byteLength }: Tensor["data"]): string {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString("hex");
}

/** Returns the outputs of `call` for each timestep of `inputs`, and its last state. */
export function stepsOf(gru: GRU, inputs: Tensor): { outputs: string[]; state: string } {
  const config = {
    ...gru.getConfig(),
    return_sequences: true,
    return_state: true,
    go_backwards: false,
    stateful: false,
  };
  const whole = GRU.fromConfig({ ...config, name: "whole" }, { use_cudnn: false, ...custom(gru) }) as GRU<true>;
  whole.build([null, null, inputs.shape[2] as number]);
  whole.setWeights(gru.getWeights());
  const [output, state] = whole.call(inputs);
  whole.dispose();
  return { outputs: framesOf(output).map(bits), state: bits(state.data) };
}

/** An activation of the user's own. */
export const OWN = {
  name: "own",
  forward: (x: Float32Array, out: Float32Array) => out.set(x.map((v) => v / (1 + v * v))),
  backward: () => {},
};

function custom(gru: GRU): object {
  return JSON.stringify(gru.getConfig()).includes('"own"') ? { custom_objects: { own: OWN } } : {};
}

/** Returns inputs in the compute dtype of the layer. */
export function inputsFor(gru: GRU, batch: number, features: number): Tensor {
  const shape = [batch, TIMESTEPS, features];
  const values = numbers(count(shape), 3);
  return gru.compute_dtype === "float32" || gru.compute_dtype === "float64"
    ? tensor(gru.compute_dtype === "float64" ? values : new Float32Array(values), shape)
    : tensor([...values], shape, gru.compute_dtype);
}

/** Batch, units and features. */
export const sizes: [number, number, number][] = [
  [1, 1, 1],
  [1, 32, 32],
  [3, 5, 4],
  [17, 33, 9],
  [2, 70, 40],
  [2, 4, 0],
];
/** Layers of every kind. */
export const variants: Record<string, GRUArguments> = {
  defaults: {},
  reset_before: { reset_after: false },
  no_bias: { use_bias: false },
  float64: { dtype: "float64" },
  float16: { dtype: "float16", recurrent_initializer: "glorot_uniform" },
  bfloat16: { dtype: "bfloat16", recurrent_initializer: "glorot_uniform" },
  mixed_float16: { dtype: "mixed_float16" },
  mixed_bfloat16: { dtype: "mixed_bfloat16" },
  "relu, hard_sigmoid": { activation: "relu", recurrent_activation: "hard_sigmoid" },
  softmax: { activation: "softmax", recurrent_activation: "softmax" },
  go_backwards: { go_backwards: true, return_sequences: true },
  stateful: { stateful: true },
  dropout: { dropout: 0.5, recurrent_dropout: 0.5 },
  "an activation of one's own": { activation: OWN as never },
};
