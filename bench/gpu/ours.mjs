// Our layer on the cuDNN path.
import { configure, GRU, tensor } from "../../dist/index.js";
import { native } from "../../dist/native/load.js";

/**
 * Milliseconds of one call: `device`, by CUDA events, and `host`, the calling thread's in the addon. A training step's are
 * those of its forward and its backward together. Timing costs a few events a call, so that these calls are not the ones
 * whose median is reported.
 */
function splitOf(call, count) {
  const { cudnnTimings } = native();
  cudnnTimings(true);
  for (let i = 0; i < count; i++) call();
  const { host, device } = cudnnTimings(false);
  const each = (times) => Object.fromEntries(Object.entries(times).map(([stage, sum]) => [stage, sum / count]));
  return { host: each(host), device: each(device) };
}

/**
 * What can be timed, by mode and then by name: `ours` gives new arrays, as in a program that keeps its results, `out` writes
 * to the caller's. Padded outputs are zero, as PyTorch gives them.
 */
export function makeOurs({ shape, dtype, tf32 = false }, { inputs, upstream, weights, lengths }) {
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
  const time = (mode, name, count) => {
    const call = calls[mode][name];
    const start = performance.now();
    for (let i = 0; i < count; i++) call();
    return (performance.now() - start) / count;
  };
  return {
    names: (mode) => Object.keys(calls[mode]),
    time,
    split: (mode, name, count) => splitOf(calls[mode][name], count),
    /** What one call gives, for the comparison of results. */
    result: (mode) => (mode === "forward" ? gru.call(x, args).data : training().weights[1].data),
    dispose: () => gru.dispose(),
  };
}
