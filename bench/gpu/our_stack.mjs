// Layers and directions in one call of the addon. Until the package has classes for them, the benchmark calls the addon.
import { NativeLayers } from "./native_stack.mjs";
import { timersOf } from "./timers.mjs";

/**
 * The calls that can be timed. `ours` makes new arrays, and `out` writes to the same ones. Padded outputs are zero, as in
 * PyTorch.
 */
export function makeOurStack({ shape, tf32, layers, directions }, { inputs, upstream, weights, lengths }) {
  const { batch, timesteps, features, units } = shape;
  const stack = new NativeLayers({ features, units, layers, directions }, weights);
  const call = {
    inputs,
    lengths: lengths && Int32Array.from(lengths),
    batch,
    timesteps,
    zeroOutput: true,
    tf32,
  };
  const out = stack.results(call);
  const training = () => stack.backward(stack.forward(call, stack.results(call)), call, { output: upstream });
  const calls = {
    forward: { ours: () => stack.call(call, stack.results(call)), out: () => stack.call(call, out) },
    training: { ours: training },
  };
  return {
    ...timersOf(calls),
    /** Returns the results of one call, to compare them. */
    result: (mode) => (mode === "forward" ? stack.call(call, out).output : training()[3]),
    dispose: () => stack.dispose(),
  };
}
