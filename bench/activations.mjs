// node bench/activations.mjs [--rounds N] [--ms N] [--shapes a,b] [--dtype float64] [names...]: layers with other
// activations than tanh and sigmoid, against the default layer of the same sizes, on one thread, with `out`. The layers
// take turns. The figure is the least time of all rounds over the least of the default layer, because everything else that
// runs on a machine only adds to a time. Never a test; `npm run build` comes first.
import { configure, GRU, tensor } from "../dist/index.js";
import { readPlainArguments, readPlainShape } from "./plain_arguments.mjs";

const options = {
  rounds: { type: "string", default: "60" },
  ms: { type: "string", default: "2" },
  shapes: { type: "string", default: "1x100x64-64,16x200x32-128,1x100x256-256" },
  dtype: { type: "string", default: "float32" },
};
const USAGE = `node bench/activations.mjs [--rounds 60] [--ms 2] [--shapes ${options.shapes.default}] [--dtype float64] [names...]
Times layers with these activations, beside the default layer.`;
const { values, positionals } = readPlainArguments(USAGE, options, ["rounds", "ms"]);
const shapes = values.shapes.split(",").map((text) => [text, readPlainShape(text)]);
const NAMES = [
  "relu",
  "elu",
  "hard_sigmoid",
  "gelu",
  "softplus",
  "mish",
  "softmax",
  "log_softmax",
  "silu",
  "selu",
  "softsign",
  "exponential",
  "log_sigmoid",
  "squareplus",
  "linear",
];
const names = positionals.length > 0 ? positionals : NAMES;
configure({ threads: 1 });

/** Each layer by the name that it is printed with: the activation alone, or that of the gates too. */
const layers = {
  tanh: {},
  ...Object.fromEntries(names.map((activation) => [activation, { activation }])),
  "gates: hard_sigmoid": { recurrent_activation: "hard_sigmoid" },
  "relu, gates: hard_sigmoid": { activation: "relu", recurrent_activation: "hard_sigmoid" },
};

function prepare(options, [batch, timesteps, features, units]) {
  const seeded = (class_name, seed) => ({ class_name, config: { seed } });
  const gru = new GRU(units, {
    return_sequences: true,
    dtype: values.dtype,
    kernel_initializer: seeded("GlorotUniform", 1),
    // Small, so that no activation makes the states grow.
    recurrent_initializer: { class_name: "RandomUniform", config: { minval: -0.02, maxval: 0.02, seed: 2 } },
    ...options,
  });
  gru.build([null, null, features]);
  const Type = values.dtype === "float64" ? Float64Array : Float32Array;
  let seed = 1;
  const inputs = tensor(
    Type.from({ length: batch * timesteps * features }, () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed / 2 ** 31 - 1;
    }),
    [batch, timesteps, features],
  );
  const out = tensor(new Type(batch * timesteps * units), [batch, timesteps, units]);
  return () => gru.call(inputs, { out });
}

function timeOf(call, calls) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) call();
  return Number(process.hrtime.bigint() - start) / calls;
}

for (const [text, shape] of shapes) {
  const calls = Object.values(layers).map((options) => prepare(options, shape));
  for (const call of calls) timeOf(call, 20);
  const each = Math.max(1, Math.round((values.ms * 1e6) / timeOf(calls[0], 20)));
  const least = calls.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < values.rounds; round++) {
    for (const [i, call] of calls.entries()) least[i] = Math.min(least[i], timeOf(call, each));
  }
  console.log(`${text}, ${values.dtype}: tanh ${(least[0] / 1000).toFixed(1)} µs`);
  for (const [i, name] of Object.keys(layers).entries()) {
    if (i > 0) console.log(`  ${name.padEnd(26)} ${(least[i] / least[0]).toFixed(2)}`);
  }
}
