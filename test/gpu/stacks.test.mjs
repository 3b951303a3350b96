// Stacks of layers in one cuDNN call: the numbers of the CPU, forward and backward, in every dtype.
import assert from "node:assert/strict";
import { it } from "node:test";
import { NativeLayers, stackWeightSizes } from "../../bench/gpu/native_stack.mjs";
import { native } from "../../dist/native/load.js";
import { relativeError, TOLERANCE } from "./golden.mjs";
import { callOf, formsOf, resultsOf, values } from "./stack_results.mjs";
import { onGpu, record, skipReason } from "./support.mjs";

const SHAPES = [
  { batch: 1, timesteps: 1, features: 1, units: 1, layers: 2, directions: 1 },
  { batch: 3, timesteps: 7, features: 5, units: 3, layers: 1, directions: 2 },
  { batch: 4, timesteps: 9, features: 31, units: 33, layers: 3, directions: 1 },
  { batch: 16, timesteps: 20, features: 32, units: 128, layers: 2, directions: 2 },
  { batch: 5, timesteps: 12, features: 64, units: 257, layers: 2, directions: 2 },
];

function worstOf(ours, reference) {
  return Math.max(...ours.map((array, at) => relativeError(array, reference[at])));
}

for (const dtype of ["float32", "float64", "float16", "bfloat16"]) {
  onGpu(`stacks, ${dtype}`, skipReason(dtype), () => {
    it("one call returns what the CPU returns", () => {
      const worst = { forward: 0, gradients: 0, at: null };
      for (const shape of SHAPES) {
        for (const { lengths, ...options } of formsOf(shape)) {
          const call = callOf(shape, lengths);
          const gpu = resultsOf(shape, { ...options, dtype }, call, "cudnn");
          const cpu = resultsOf(shape, { ...options, dtype }, call, "cpu");
          for (const kind of ["forward", "gradients"]) {
            const error = worstOf(gpu[kind], cpu[kind]);
            if (!(error <= worst[kind])) Object.assign(worst, { [kind]: error, at: { shape, options } });
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
    const given = callOf(shape, null);
    const call = { ...given, inputs: Float32Array.from(given.inputs) };
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
