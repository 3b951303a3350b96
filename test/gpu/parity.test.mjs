// The two paths return the same numbers, in every dtype. Gradients are slopes.
import assert from "node:assert/strict";
import { it } from "node:test";
import { relativeError, TOLERANCE } from "./golden.mjs";
import { layer, listed, onBoth, onGpu, random, record, size, skipReason, valuesOf } from "./support.mjs";

const SHAPES = [
  [1, 1, 1, 1],
  [3, 7, 5, 3],
  [2, 9, 31, 33],
  [16, 20, 32, 128],
  [5, 30, 64, 257],
  [33, 11, 100, 64],
];

const FLAGS = [
  {},
  { go_backwards: true },
  { zero_output_for_mask: true },
  { go_backwards: true, zero_output_for_mask: true },
];

function lengthsOf(batch, timesteps, kind) {
  if (kind === "none") return undefined;
  if (kind === "all zero") return new Array(batch).fill(0);
  return Array.from({ length: batch }, (_, row) =>
    kind === "some zero" && row % 3 === 1 ? 0 : (row * 5) % (timesteps + 1),
  );
}

function worstOf(ours, reference) {
  return Math.max(...ours.map((tensor, index) => relativeError(valuesOf(tensor), valuesOf(reference[index]))));
}

for (const dtype of ["float32", "float64", "float16", "bfloat16"]) {
  onGpu(`parity, ${dtype}`, skipReason(dtype), () => {
    it("shapes, flags and lengths", () => {
      let worst = { error: 0 };
      for (const [batch, timesteps, features, units] of SHAPES) {
        for (const flags of FLAGS) {
          for (const kind of ["none", "any", "some zero", "all zero"]) {
            for (const return_sequences of [false, true]) {
              const args = { ...flags, dtype, return_sequences, return_state: true };
              const [gpu, cpu] = onBoth(units, features, args);
              const inputs = random([batch, timesteps, features], dtype);
              const call = {
                lengths: lengthsOf(batch, timesteps, kind),
                initial_state: random([batch, units], dtype, 3),
              };
              const error = worstOf(listed(gpu.call(inputs, call)), listed(cpu.call(inputs, call)));
              if (!(error <= worst.error)) worst = { error, shape: [batch, timesteps, features, units], flags, kind };
              gpu.dispose();
              cpu.dispose();
            }
          }
        }
      }
      record(`parity ${dtype}`, worst);
      assert.ok(worst.error <= TOLERANCE[dtype], JSON.stringify(worst));
    });

    it("stateful calls", async () => {
      const [gpu, cpu] = onBoth(9, 5, { dtype, stateful: true });
      for (let i = 0; i < 5; i++) {
        const inputs = random([4, 6, 5], dtype, i);
        const error = worstOf([await gpu.callAsync(inputs)], [cpu.call(inputs)]);
        assert.ok(error <= TOLERANCE[dtype], `call ${i}: ${error}`);
      }
    });
  });
}

onGpu("long sequences", skipReason(), () => {
  it("more than 65,535 timesteps, in chunks, also with rows that end in the first", () => {
    const timesteps = 65535 + 100;
    const [gpu, cpu] = onBoth(4, 2, { return_state: true });
    const inputs = random([3, timesteps, 2]);
    const lengths = [timesteps, 10, 0];
    const error = worstOf(listed(gpu.call(inputs, { lengths })), listed(cpu.call(inputs, { lengths })));
    record("parity long", error);
    assert.ok(error <= TOLERANCE.float32, `${error}`);
  });
});

onGpu("gradients, float64", skipReason("float64"), () => {
  const shape = [3, 4, 3];
  const units = 5;

  for (const [name, args, call] of [
    ["plain", {}, {}],
    ["sequences, with lengths and an empty row", { return_sequences: true }, { lengths: [4, 0, 2] }],
    [
      "zero outputs, backwards",
      { return_sequences: true, go_backwards: true, zero_output_for_mask: true },
      { lengths: [1, 4, 3] },
    ],
    ["losses", { kernel_regularizer: "l2", activity_regularizer: "l2", bias_regularizer: "l1" }, {}],
  ]) {
    it(`are slopes: ${name}`, () => {
      const gru = layer(units, shape[2], { ...args, dtype: "float64", use_cudnn: true });
      const inputs = random(shape, "float64");
      const initial_state = random([shape[0], units], "float64", 5);
      const forward = (x, h) => gru.forward(x, { ...call, initial_state: h });
      const pass = forward(inputs, initial_state);
      const output = random(pass.output.shape, "float64", 8);
      const state = random(pass.state.shape, "float64", 9);
      const dot = (a, b) => a.data.reduce((sum, value, index) => sum + value * b.data[index], 0);
      const value = (x, h) => {
        const one = forward(x, h);
        one.dispose();
        return dot(one.output, output) + dot(one.state, state) + one.losses.reduce((a, b) => a + b, 0);
      };
      const grads = pass.backward({ output, state });
      const step = 1e-5;
      const slopes = (tensor, evaluate) =>
        Float64Array.from(tensor.data, (kept, index) => {
          tensor.data[index] = kept + step;
          const above = evaluate();
          tensor.data[index] = kept - step;
          const below = evaluate();
          tensor.data[index] = kept;
          return (above - below) / (2 * step);
        });
      assert.ok(
        relativeError(
          grads.inputs.data,
          slopes(inputs, () => value(inputs, initial_state)),
        ) < 1e-7,
      );
      assert.ok(
        relativeError(
          grads.initial_state.data,
          slopes(initial_state, () => value(inputs, initial_state)),
        ) < 1e-7,
      );
      gru.weights.forEach((weight, which) => {
        const values = weight.value;
        const found = slopes(values, () => {
          weight.assign(values);
          return value(inputs, initial_state);
        });
        weight.assign(values);
        assert.equal(grads.weights[which].data.length, size(weight.shape));
        assert.ok(relativeError(grads.weights[which].data, found) < 1e-7, weight.name);
      });
    });
  }
});
