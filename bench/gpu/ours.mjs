// Our layer on the cuDNN path.
import { configure, GRU, tensor } from "../../dist/index.js";
import { makeOurStack } from "./our_stack.mjs";
import { timersOf } from "./timers.mjs";

/**
 * The calls that can be timed, by mode and then by name. `ours` returns new arrays, as in a program that keeps its
 * results. `out` writes to the caller's arrays. Padded outputs are zero, as in PyTorch.
 */
function makeOurLayer({ shape, dtype, tf32 = false }, { inputs, upstream, weights, lengths }) {
  const { batch, timesteps, features, units } = shape;
  configure({ allow_tf32: tf32 });
  const gru = new GRU(units, { dtype, return_sequences: true, zero_output_for_mask: true, use_cudnn: true });
  gru.build([null, null, features]);
  gru.setWeights(weights);
  const given = (data, last) =>
    dtype === "float32" ? tensor(data, [batch, timesteps, last]) : tensor(data, [batch, timesteps, last], dtype);
  const x = given(inputs, features);
  const output = given(upstream, units);
  const args = lengths ? { lengths } : {};
  const out = gru.call(x, args);
  const training = () => gru.forward(x, { training: true, ...args }).backward({ output });
  const calls = {
    forward: { ours: () => gru.call(x, args), out: () => gru.call(x, { out, ...args }) },
    training: { ours: training },
  };
  return {
    ...timersOf(calls),
    /** Returns the results of one call, to compare them. */
    result: (mode) => (mode === "forward" ? gru.call(x, args).data : training().weights[1].data),
    dispose: () => gru.dispose(),
  };
}

/** Our contender of a case: a layer, or several layers or directions in one call. */
export function makeOurs(one, problem) {
  return one.layers * one.directions === 1 ? makeOurLayer(one, problem) : makeOurStack(one, problem);
}
