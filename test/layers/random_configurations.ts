import type { GRU, GRUArguments, GRUPass, Tensor } from "cudnn-gru";
import { tensor } from "cudnn-gru";
import type { ForwardArguments } from "../../dist/arguments/read_forward.js";
import { injectDropoutMasks } from "../../dist/layers/call/dropout.js";
import type { GRUGradients } from "../../dist/layers/gradients/pass.js";
import { count, layer, numbers } from "./support.js";

/** A layer, one call on it and the gradients that come from above, chosen at random. */
export interface Configuration {
  readonly args: GRUArguments;
  /** Batch, timesteps, features. */
  readonly shape: readonly [number, number, number];
  readonly units: number;
  readonly mask: boolean[][] | null;
  readonly lengths: number[] | null;
  readonly initialState: boolean;
  readonly seed: number;
}

/** Activations without kinks. */
const SMOOTH = [
  "tanh",
  "sigmoid",
  "softplus",
  "silu",
  "gelu",
  "squareplus",
  "mish",
  "log_sigmoid",
  "softmax",
  "linear",
];
const GATES = ["sigmoid", "tanh", "silu", "softmax"];

/** Draws reproducibly. */
class Draws {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
    for (let i = 0; i < 3; i++) this.below(2);
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  /** True once in `times`. */
  rarely(times: number): boolean {
    return this.below(times) === 0;
  }

  one<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}

/** The configuration of this number: always the same. */
export function configurationOf(seed: number, dtype: "float32" | "float64"): Configuration {
  const draws = new Draws(seed);
  const flag = () => draws.rarely(2);
  const [batch, timesteps] = [1 + draws.below(5), 1 + draws.below(7)];
  const units = draws.one([1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33]);
  const plain = draws.rarely(3);
  const masking = draws.below(3);
  const regularizer = () => (draws.rarely(3) ? draws.one(["l2", "l1l2"] as const) : null);
  const mask = Array.from({ length: batch }, () => Array.from({ length: timesteps }, () => !draws.rarely(3)));
  if (draws.rarely(4)) mask[0]?.fill(false);
  return {
    args: {
      dtype,
      use_cudnn: false,
      activation: plain ? "tanh" : draws.one(SMOOTH),
      recurrent_activation: plain ? "sigmoid" : draws.one(GATES),
      reset_after: flag(),
      use_bias: !draws.rarely(4),
      return_sequences: flag(),
      return_state: flag(),
      go_backwards: flag(),
      zero_output_for_mask: flag(),
      dropout: draws.rarely(3) ? 0.4 : 0,
      recurrent_dropout: draws.rarely(3) ? 0.3 : 0,
      implementation: draws.one([1, 2] as const),
      kernel_regularizer: regularizer(),
      recurrent_regularizer: regularizer(),
      activity_regularizer: regularizer(),
    },
    shape: [batch, timesteps, draws.one([1, 2, 3, 5, 8, 16, 17])],
    units,
    mask: masking === 1 ? mask : null,
    lengths: masking === 2 ? Array.from({ length: batch }, () => draws.below(timesteps + 1)) : null,
    initialState: flag(),
    seed,
  };
}

/** The layer: its weights shrink with its size, so that states stay small. Dropout masks are fixed. */
export function layerOfConfiguration({ args, shape, units, seed }: Configuration): GRU {
  const [batch, , features] = shape;
  const gru = layer(units, features, args, seed + 5);
  const scale = 1 / Math.sqrt(1 + units + features);
  gru.setWeights(gru.getWeights().map(({ data }) => Float64Array.from(data, (value) => (value as number) * scale)));
  const kept = (length: number, from: number) => {
    const values = numbers(length, seed + from).map((value) => (value < -0.4 ? 0 : 1.25));
    return args.dtype === "float64" ? values : new Float32Array(values);
  };
  const three = args.implementation === 1 || args.recurrent_dropout !== 0;
  injectDropoutMasks(gru, {
    input: args.dropout === 0 ? null : kept((three ? 3 : 1) * batch * features, 1),
    recurrent: args.recurrent_dropout === 0 ? null : kept(3 * batch * units, 2),
  });
  return gru;
}

/** A call's inputs and arguments, of the layer's dtype. */
export function callOf({ args, shape, units, mask, lengths, initialState, seed }: Configuration) {
  const float = (sizes: readonly number[], from: number): Tensor<Float32Array | Float64Array> => {
    const values = numbers(count(sizes), seed + from);
    return tensor(args.dtype === "float64" ? values : new Float32Array(values), [...sizes]) as Tensor<Float64Array>;
  };
  const [batch, timesteps] = shape;
  const given: ForwardArguments = { training: true };
  if (mask !== null) given.mask = mask;
  if (lengths !== null) given.lengths = lengths;
  if (initialState) given.initial_state = float([batch, units], 12);
  return {
    inputs: float(shape, 11),
    args: given,
    upstream: {
      output: float(args.return_sequences ? [batch, timesteps, units] : [batch, units], 13),
      state: float([batch, units], 14),
    },
  };
}

/** Output, state, losses and all gradients, by name. */
export function everythingOf(pass: GRUPass, gradients: GRUGradients): Record<string, number[]> {
  const found: Record<string, number[]> = {
    output: [...(pass.output.data as Float64Array)],
    state: [...(pass.state.data as Float64Array)],
    losses: pass.losses,
    inputs: [...(gradients.inputs.data as Float64Array)],
    initial_state: [...(gradients.initial_state.data as Float64Array)],
  };
  gradients.weights.forEach(({ data }, index) => {
    found[`weight ${index}`] = [...(data as Float64Array)];
  });
  return found;
}

/** Runs a configuration. */
export function run(configuration: Configuration): Record<string, number[]> {
  const gru = layerOfConfiguration(configuration);
  const { inputs, args, upstream } = callOf(configuration);
  const pass = gru.forward(inputs, args);
  const found = everythingOf(pass, pass.backward(upstream));
  gru.dispose();
  return found;
}
