// Real Keras's numbers, on the device: every golden case that cuDNN can compute, forward and backward.
import assert from "node:assert/strict";
import { it } from "node:test";
import { GRU } from "cudnn-gru";
import { goldenCases, relativeError, TOLERANCE } from "./golden.mjs";
import { listed, onGpu, record, skipReason, valuesOf } from "./support.mjs";

const DTYPES = ["float32", "float64", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16"];

function make(golden) {
  const gru = new GRU({ ...golden.arguments, use_cudnn: true });
  gru.build([null, null, golden.calls[0].inputs.shape[2]]);
  gru.setWeights(golden.weights.map(golden.read));
  return gru;
}

function argumentsOf({ read }, call) {
  const args = {};
  if (call.training !== undefined) args.training = call.training;
  for (const key of ["mask", "initial_state"]) if (call[key]) args[key] = read(call[key]);
  return args;
}

/** Whether every call of a case meets the requirements that `explain` lists, apart from the runtime. */
function eligible(golden) {
  if (golden.calls.some((call) => call.input_dropout || call.recurrent_dropout)) return false;
  let gru;
  try {
    gru = new GRU({ ...golden.arguments, use_cudnn: false });
  } catch {
    return false;
  }
  return golden.calls.every((call) => {
    const { mask, training } = argumentsOf(golden, call);
    const { requirements } = gru.explain({ inputs: golden.read(call.inputs), mask, training });
    return requirements.every(({ id, met }) => met || id === "runtime");
  });
}

/** Runs every call, synchronous and asynchronous in turn, and returns the worst error of outputs and losses. */
async function runForward(golden) {
  const gru = make(golden);
  let worst = 0;
  for (const [index, call] of golden.calls.entries()) {
    if (call.reset_before) gru.resetState();
    const args = argumentsOf(golden, call);
    const inputs = golden.read(call.inputs);
    const result = index % 2 === 0 ? gru.call(inputs, args) : await gru.callAsync(inputs, args);
    listed(result).forEach((tensor, which) => {
      worst = Math.max(worst, relativeError(valuesOf(tensor), valuesOf(golden.read(call.outputs[which]))));
    });
    const losses = call.losses ?? [];
    assert.equal(gru.losses.length, losses.length);
    gru.losses.forEach((loss, which) => {
      worst = Math.max(worst, relativeError([loss], [losses[which]]));
    });
  }
  gru.dispose();
  return worst;
}

/** The worst error of the gradients. */
async function runBackward(golden) {
  const gru = make(golden);
  const [call] = golden.calls;
  const { upstream, inputs, initial_state, weights } = golden.gradients;
  const pass = gru.forward(golden.read(call.inputs), argumentsOf(golden, call));
  const [output, state] = upstream.map(golden.read);
  const grads = await pass.backwardAsync({ output, ...(state ? { state } : {}) });
  const pairs = [[grads.inputs, inputs], ...grads.weights.map((weight, index) => [weight, weights[index]])];
  if (initial_state) pairs.push([grads.initial_state, initial_state]);
  gru.dispose();
  return Math.max(...pairs.map(([actual, entry]) => relativeError(valuesOf(actual), valuesOf(golden.read(entry)))));
}

for (const dtype of DTYPES) {
  const skip = skipReason(dtype);
  onGpu(`golden data, ${dtype}`, skip, () => {
    const cases = skip
      ? []
      : [...goldenCases()].filter((one) => (one.arguments.dtype ?? "float32") === dtype && eligible(one));
    const worst = { forward: 0, backward: 0 };

    it("every eligible case, forward", async () => {
      const failed = [];
      for (const golden of cases) {
        const error = await runForward(golden);
        worst.forward = Math.max(worst.forward, error);
        if (!(error <= TOLERANCE[dtype])) failed.push(`${golden.name}: ${error}`);
      }
      record(`golden forward ${dtype}`, { cases: cases.length, worst: worst.forward, failed });
      assert.deepEqual(failed, []);
      assert.ok(cases.length > 10, `${cases.length} cases`);
    });

    it("every eligible case, backward", async () => {
      const failed = [];
      const some = cases.filter(({ gradients }) => gradients);
      for (const golden of some) {
        const error = await runBackward(golden);
        worst.backward = Math.max(worst.backward, error);
        if (!(error <= TOLERANCE[dtype])) failed.push(`${golden.name}: ${error}`);
      }
      record(`golden backward ${dtype}`, { cases: some.length, worst: worst.backward, failed });
      assert.deepEqual(failed, []);
    });
  });
}
