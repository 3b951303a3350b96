// Stacks of layers in one cuDNN call: the numbers of the CPU, forward and backward, in every dtype. They go through the
// addon, because the package has no class for them yet.
import assert from "node:assert/strict";
import { it } from "node:test";
import { NativeLayers, stackWeightSizes } from "../../bench/gpu/native_stack.mjs";
import { native } from "../../dist/native/load.js";
import { relativeError, TOLERANCE } from "./golden.mjs";
import { numbers, onGpu, record, skipReason } from "./support.mjs";

const SHAPES = [
  { batch: 1, timesteps: 1, features: 1, units: 1, layers: 2, directions: 1 },
  { batch: 3, timesteps: 7, features: 5, units: 3, layers: 1, directions: 2 },
  { batch: 4, timesteps: 9, features: 31, units: 33, layers: 3, directions: 1 },
  { batch: 16, timesteps: 20, features: 32, units: 128, layers: 2, directions: 2 },
  { batch: 5, timesteps: 12, features: 64, units: 257, layers: 2, directions: 2 },
];

/** Lengths that differ, of which one is 0 and one is all timesteps. */
function lengthsOf({ batch, timesteps }) {
  return Int32Array.from({ length: batch }, (_, row) => (row === 0 ? timesteps : (row * 5) % (timesteps + 1)));
}

/** Multiples of 1/128 times the power of two next to `scale`, which every dtype holds exactly. */
function values(count, seed, scale) {
  const factor = 2 ** Math.round(Math.log2(scale)) / 128;
  return numbers(count, seed).map((value) => Math.round(value * 128) * factor);
}

/** Every result of one stack on a path: outputs and states, and then all gradients. */
function resultsOf(shape, options, call, path) {
  const scale = 1 / Math.sqrt(shape.units);
  const weights = stackWeightSizes(shape).map((count, at) => values(count, 7 + at, scale));
  const stack = new NativeLayers({ ...shape, ...options, path }, weights);
  const { batch, units } = { ...shape, ...call };
  const given = {
    ...call,
    inputs: stack.Float.from(call.inputs),
    initialStates: Array.from({ length: shape.layers * shape.directions }, (_, at) =>
      stack.Float.from(values(batch * units, 50 + at, 1)),
    ),
  };
  try {
    const results = stack.results(given);
    const pass = stack.forward(given, results);
    const upstream = (like, seed) => like && stack.Float.from(values(like.length, seed, 1 / batch));
    const gradients = stack.backward(pass, given, {
      output: upstream(results.output, 31),
      secondOutput: upstream(results.secondOutput, 32),
      states: results.states.map((state, at) => upstream(state, 33 + at)),
    });
    pass.dispose();
    const { output, secondOutput, states } = results;
    return { forward: [output, ...(secondOutput ? [secondOutput] : []), ...states], gradients };
  } finally {
    stack.dispose();
  }
}

function worstOf(ours, reference) {
  return Math.max(...ours.map((array, at) => relativeError(array, reference[at])));
}

for (const dtype of ["float32", "float64", "float16", "bfloat16"]) {
  onGpu(`stacks, ${dtype}`, skipReason(dtype), () => {
    it("one call returns what the CPU returns", () => {
      const worst = { forward: 0, gradients: 0, at: null };
      for (const shape of SHAPES) {
        const merges = shape.directions === 2 ? ["concat", "sum", "mul", "ave", "separate"] : [null];
        for (const merge of merges) {
          for (const returnSequences of [true, false]) {
            for (const lengths of [null, lengthsOf(shape)]) {
              const options = { merge, returnSequences, dtype };
              const inputs = values(shape.batch * shape.timesteps * shape.features, 3, 1);
              const call = { batch: shape.batch, timesteps: shape.timesteps, inputs, lengths };
              const gpu = resultsOf(shape, options, call, "cudnn");
              const cpu = resultsOf(shape, options, call, "cpu");
              for (const kind of ["forward", "gradients"]) {
                const error = worstOf(gpu[kind], cpu[kind]);
                if (!(error <= worst[kind])) Object.assign(worst, { [kind]: error, at: { shape, options } });
              }
            }
          }
        }
      }
      record(`stacks ${dtype}`, worst);
      assert.ok(worst.forward <= TOLERANCE[dtype], JSON.stringify(worst));
      // In 16 bits the errors of the later layers reach the gradients of the earlier ones.
      const layers = dtype.endsWith("16") ? 3 : 1;
      assert.ok(worst.gradients <= layers * TOLERANCE[dtype], JSON.stringify(worst));
    });
  });
}

onGpu("stacks in one call", skipReason(), () => {
  it("several layers and directions are one call on the device", () => {
    const shape = { batch: 4, timesteps: 6, features: 5, units: 8, layers: 3, directions: 2 };
    const weights = stackWeightSizes(shape).map((count, at) => values(count, at, 0.3));
    const stack = new NativeLayers(shape, weights);
    const call = { batch: 4, timesteps: 6, inputs: Float32Array.from(values(4 * 6 * 5, 1, 1)) };
    // The first call also checks that cuDNN computes stacks right.
    stack.call(call, stack.results(call));
    const { cudnnTimings } = native();
    cudnnTimings(true);
    stack.call(call, stack.results(call));
    const { calls } = cudnnTimings(false);
    record("stacks calls", calls);
    stack.dispose();
    assert.equal(calls, 1);
  });
});
