// The answers to unknown names that users of other libraries write.
import { configure, constraints, createBatcher, GRU, initializers, optimizers, regularizers, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError } from "../layers/support.js";

const gru = new GRU(2);
gru.build([null, null, 2]);
const inputs = tensor(new Float32Array(4), [1, 2, 2]);
const schedule = { initial_learning_rate: 0.1, decay_steps: 10 };

/** Everything that takes named arguments, and a call of it with more of them. */
const OWNERS: Record<string, { names: string[]; call: (args: object) => unknown }> = {
  GRU: { names: Object.keys(gru.getConfig()), call: (args) => new GRU(2, args) },
  "GRU's own": { names: ["use_cudnn", "cuda_device", "implementation"], call: (args) => new GRU(2, args) },
  call: { names: ["initial_state"], call: (args) => gru.call(inputs, args) },
  forward: { names: ["initial_state"], call: (args) => gru.forward(inputs, args) },
  stream: { names: ["initial_state"], call: (args) => gru.stream(args) },
  configure: { names: ["allow_tf32"], call: configure },
  batcher: {
    names: ["maxBatch", "maxDelayMs", "maxQueue"],
    call: (args) => createBatcher(gru, { maxBatch: 1, ...args }),
  },
  Adam: {
    names: Object.keys(new optimizers.Adam().getConfig()),
    call: (args) => new optimizers.Adam(args),
  },
  SGD: { names: Object.keys(new optimizers.SGD().getConfig()), call: (args) => new optimizers.SGD(args) },
  RMSprop: { names: Object.keys(new optimizers.RMSprop().getConfig()), call: (args) => new optimizers.RMSprop(args) },
  LossScaleOptimizer: {
    names: ["inner_optimizer", "initial_scale", "dynamic_growth_steps"],
    call: (args) => new optimizers.LossScaleOptimizer({ inner_optimizer: "adam", ...args } as never),
  },
  CosineDecay: {
    names: Object.keys(new optimizers.schedules.CosineDecay(schedule).getConfig()),
    call: (args) => new optimizers.schedules.CosineDecay({ ...schedule, ...args }),
  },
  VarianceScaling: {
    names: Object.keys(new initializers.VarianceScaling().getConfig()),
    call: (args) => new initializers.VarianceScaling(args),
  },
  MinMaxNorm: {
    names: Object.keys(new constraints.MinMaxNorm().getConfig()),
    call: (args) => new constraints.MinMaxNorm(args),
  },
  OrthogonalRegularizer: {
    names: Object.keys(new regularizers.OrthogonalRegularizer().getConfig()),
    call: (args) => new regularizers.OrthogonalRegularizer(args),
  },
};

const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const respelled = Object.entries(OWNERS).flatMap(([owner, { names, call }]) =>
  names.flatMap((name) =>
    [camelCase(name), snakeCase(name), name.toUpperCase()]
      .filter((other) => other !== name)
      .map((other) => [owner, other, name, call] as const),
  ),
);

describe("an argument in another spelling", () => {
  it("is tried for many", () => {
    expect(respelled.length).toBeGreaterThan(100);
  });

  it.each(respelled)("%s: %s suggests %s", (_, written, name, call) => {
    expectError(() => call({ [written]: 1 }), "ERR_ARGUMENT", `Did you mean "${name}"?`);
  });
});

describe("an argument of another library, or of an older Keras", () => {
  it.each([
    ["Adam", "lr", "learning_rate"],
    ["SGD", "lr", "learning_rate"],
    ["Adam", "learningRate", "learning_rate"],
    ["Adam", "betas", "beta_1"],
    ["Adam", "beta1", "beta_1"],
    ["Adam", "beta2", "beta_2"],
    ["Adam", "eps", "epsilon"],
    ["RMSprop", "alpha", "rho"],
    ["CosineDecay", "lr", "initial_learning_rate"],
    ["GRU", "hidden_size", "units"],
    ["GRU", "hiddenSize", "units"],
    ["GRU", "num_units", "units"],
    ["GRU", "output_dim", "units"],
    ["GRU", "input_size", "input_dim"],
    ["GRU", "bias", "use_bias"],
    ["GRU", "inner_activation", "recurrent_activation"],
    ["GRU", "recurrentActivation", "recurrent_activation"],
    ["GRU", "inner_init", "recurrent_initializer"],
    ["GRU", "init", "kernel_initializer"],
    ["GRU", "dropout_W", "dropout"],
    ["GRU", "dropout_U", "recurrent_dropout"],
    ["GRU", "W_regularizer", "kernel_regularizer"],
    ["GRU", "return_sequence", "return_sequences"],
    ["GRU", "linear_before_reset", "reset_after"],
    ["GRU", "device", "cuda_device"],
    ["call", "hx", "initial_state"],
    ["call", "h0", "initial_state"],
    ["call", "state", "initial_state"],
    ["call", "sequence_length", "lengths"],
    ["call", "seq_lens", "lengths"],
  ])("%s: %s suggests %s", (owner, written, name) => {
    expectError(() => OWNERS[owner]?.call({ [written]: 1 }), "ERR_ARGUMENT", `Did you mean "${name}"?`);
  });

  it.each([
    ["GRU", "batch_first", /inputs are always \(batch, timesteps, features\)/],
    ["GRU", "num_layers", /one layer.*return_sequences: true/],
    ["GRU", "bidirectional", /wrap it in a `Bidirectional`/],
    ["GRU", "batch_input_shape", /build\(\[batch, timesteps, features\]\)/],
    ["GRU", "weights", /setWeights\(\[kernel, recurrent_kernel, bias\]\)/],
    ["Adam", "decay", /schedules\.InverseTimeDecay/],
  ])("%s: %s says what to do", (owner, written, remedy) => {
    expectError(() => OWNERS[owner]?.call({ [written]: 1 }), "ERR_ARGUMENT", remedy);
  });
});
