// Times calls of ours, and their parts.
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

/** What the benchmark asks of the calls, which are given by mode and then by name. */
export function timersOf(calls) {
  return {
    names: (mode) => Object.keys(calls[mode]),
    time: (mode, name, count) => {
      const call = calls[mode][name];
      const start = performance.now();
      for (let i = 0; i < count; i++) call();
      return (performance.now() - start) / count;
    },
    split: (mode, name, count) => splitOf(calls[mode][name], count),
  };
}
