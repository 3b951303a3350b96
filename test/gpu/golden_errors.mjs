// Runs golden cases, and says how far the results are from Keras's. In plain JavaScript, for the tests that run where nothing
// but Node.js is: those on a GPU, and those of other platforms' binaries.
import assert from "node:assert/strict";
import { GRU } from "cudnn-gru";
import { relativeError } from "./golden.mjs";
import { listed, valuesOf } from "./support.mjs";

/** How a case is run: `use_cudnn` of its layer, and `prepare(gru, golden, call)`, which is called before each call. */
const USUAL = { use_cudnn: true, prepare: () => {} };

function make(golden, use_cudnn) {
  const gru = new GRU({ ...golden.arguments, use_cudnn });
  gru.build([null, null, golden.calls[0].inputs.shape[2]]);
  gru.setWeights(golden.weights.map(golden.read));
  return gru;
}

/** The arguments of a call, beside its inputs. */
export function argumentsOf({ read }, call) {
  const args = {};
  if (call.training !== undefined) args.training = call.training;
  for (const key of ["mask", "initial_state"]) if (call[key]) args[key] = read(call[key]);
  return args;
}

/** Runs every call, synchronous and asynchronous in turn, and returns the worst error of outputs and losses. */
export async function forwardError(golden, { use_cudnn, prepare } = USUAL) {
  const gru = make(golden, use_cudnn);
  let worst = 0;
  for (const [index, call] of golden.calls.entries()) {
    if (call.reset_before) gru.resetState();
    prepare(gru, golden, call);
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

/** The worst error of the gradients of a case that has them. */
export async function backwardError(golden, { use_cudnn, prepare } = USUAL) {
  const gru = make(golden, use_cudnn);
  const [call] = golden.calls;
  const { upstream, inputs, initial_state, weights } = golden.gradients;
  prepare(gru, golden, call);
  const pass = gru.forward(golden.read(call.inputs), argumentsOf(golden, call));
  const [output, state] = upstream.map(golden.read);
  const grads = await pass.backwardAsync({ output, ...(state ? { state } : {}) });
  const pairs = [[grads.inputs, inputs], ...grads.weights.map((weight, index) => [weight, weights[index]])];
  if (initial_state) pairs.push([grads.initial_state, initial_state]);
  gru.dispose();
  return Math.max(...pairs.map(([actual, entry]) => relativeError(valuesOf(actual), valuesOf(golden.read(entry)))));
}
