// Computes a fixed list of results and writes a hash of each array's bits, as JSON: two builds of the addon that give the same
// bits give the same text. Runs wherever Node.js runs, with nothing else. The argument is the file to write.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { GRU, initializers, tensor } from "cudnn-gru";
import { goldenModels, modelOutputs } from "./golden_models.mjs";

/** [batch, timesteps, features, units]: sizes below, at and above a vector, blocks and their rests, a few large ones. */
const SHAPES = [
  [1, 1, 1, 1],
  [1, 7, 5, 3],
  [2, 3, 16, 16],
  [3, 5, 17, 33],
  [5, 4, 31, 48],
  [7, 9, 8, 65],
  [16, 12, 40, 128],
  [33, 6, 100, 100],
  [1, 10, 256, 256],
];
const ACTIVATIONS = [
  "relu",
  "leaky_relu",
  "elu",
  "selu",
  "celu",
  "softplus",
  "softsign",
  "squareplus",
  "silu",
  "gelu",
  "exponential",
  "hard_sigmoid",
  "mish",
  "log_sigmoid",
  "tanh_shrink",
  "softmax",
  "log_softmax",
  "sparsemax",
  "tanh",
  "sigmoid",
];

/** Numbers in [-scale, scale) that depend on the seed alone. */
function numbers(count, seed, scale, dtype) {
  const data = new (dtype === "float64" ? Float64Array : Float32Array)(count);
  let state = seed | 1;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    data[i] = ((state >>> 0) / 2 ** 31 - 1) * scale;
  }
  return data;
}

const results = {};
function note(name, data) {
  results[name] = createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
}

/** A layer with given weights: initializers are results of their own below. */
function layerOf([, , features, units], dtype, config) {
  const gru = new GRU(units, { return_sequences: true, return_state: true, dtype, ...config });
  gru.build([null, null, features]);
  const weights = gru.weights.map((variable, at) => numbers(variable.value.data.length, at + 3, 0.4, "float32"));
  gru.setWeights(weights.map((data, at) => tensor(data, gru.weights[at].shape)));
  return gru;
}

function compute(name, shape, dtype, config = {}) {
  const [batch, timesteps, features, units] = shape;
  const gru = layerOf(shape, dtype, config);
  const wide = dtype === "float64" ? dtype : "float32";
  const inputs = tensor(numbers(batch * timesteps * features, 1, 1.5, wide), [batch, timesteps, features]);
  const pass = gru.forward(inputs, { training: true });
  note(`${name} output`, pass.output.data);
  note(`${name} state`, pass.state.data);
  if (wide === dtype) {
    const upstream = tensor(numbers(batch * timesteps * units, 2, 1, wide), [batch, timesteps, units]);
    const gradients = pass.backward({ output: upstream });
    note(`${name} d_inputs`, gradients.inputs.data);
    gradients.weights.forEach((gradient, at) => {
      note(`${name} d_weights[${at}]`, gradient.data);
    });
  } else pass.dispose();
  gru.dispose();
}

for (const shape of SHAPES) {
  for (const dtype of ["float32", "float64", "float16", "bfloat16"]) {
    for (const reset_after of [true, false]) {
      compute(`${shape.join("x")} ${dtype}${reset_after ? "" : " reset before"}`, shape, dtype, { reset_after });
    }
  }
}
for (const activation of ACTIVATIONS) {
  for (const dtype of ["float32", "float64"]) {
    compute(`${activation} ${dtype}`, [3, 4, 9, 21], dtype, {
      activation,
      dropout: 0.3,
      recurrent_dropout: 0.2,
      seed: 7,
    });
  }
}
for (const [name, make] of Object.entries({
  uniform: () => new initializers.GlorotUniform({ seed: 5 }),
  normal: () => new initializers.RandomNormal({ seed: 5 }),
  truncated: () => new initializers.TruncatedNormal({ seed: 5 }),
  orthogonal: () => new initializers.Orthogonal({ seed: 5 }),
})) {
  const gru = new GRU(70, { kernel_initializer: make(), recurrent_initializer: make() });
  gru.build([null, null, 50]);
  gru.weights.forEach((variable, at) => {
    note(`${name}[${at}]`, variable.value.data);
  });
}

for (const golden of goldenModels()) {
  (await modelOutputs(golden)).forEach(({ data }, at) => {
    note(`model ${golden.name}[${at}]`, data);
  });
}

writeFileSync(process.argv[2], `${JSON.stringify(results, null, 1)}\n`);
