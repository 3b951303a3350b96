// Our layer on the cuDNN path.
import { configure, GRU, tensor } from "../../dist/index.js";
import { native } from "../../dist/native/load.js";

/**
 * The milliseconds of one call: `device` is measured with CUDA events, and `host` is the time of the calling thread in
 * the addon. The time of a training step is the sum of its forward and backward calls. Timing costs a few events per
 * call, so these calls are not the ones whose median is reported.
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
 * The calls that can be timed, by mode and then by name. `ours` returns new arrays, as in a program that keeps its
 * results. `out` writes to the caller's arrays. Padded outputs are zero, as in PyTorch.
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
    /** Returns the results of one call, to compare them. */
    result: (mode) => (mode === "forward" ? gru.call(x, args).data : training().weights[1].data),
    dispose: () => gru.dispose(),
  };
}
