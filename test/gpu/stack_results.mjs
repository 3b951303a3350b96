// Results of stacks of layers in one call, on either path. They go through the addon, because the package has no class for
// them yet.
import { NativeLayers, stackWeightSizes } from "../../bench/gpu/native_stack.mjs";
import { numbers } from "./support.mjs";

/** Lengths that differ, of which one is 0 and one is all timesteps. */
export function lengthsOf({ batch, timesteps }) {
  return Int32Array.from({ length: batch }, (_, row) => (row === 0 ? timesteps : (row * 5) % (timesteps + 1)));
}

/** Multiples of 1/128 times the power of two next to `scale`, which every dtype holds exactly. */
export function values(count, seed, scale) {
  const factor = 2 ** Math.round(Math.log2(scale)) / 128;
  return numbers(count, seed).map((value) => Math.round(value * 128) * factor);
}

/** Every result of one stack on a path: outputs and states, and then all gradients. */
export function resultsOf(shape, options, call, path) {
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

/** The forms of a shape: merge modes, outputs and lengths. */
export function* formsOf(shape) {
  for (const merge of shape.directions === 2 ? ["concat", "sum", "mul", "ave", "separate"] : [null]) {
    for (const returnSequences of [true, false]) {
      for (const lengths of [null, lengthsOf(shape)]) yield { merge, returnSequences, lengths };
    }
  }
}

/** The arguments of a call of a shape. */
export function callOf(shape, lengths) {
  const { batch, timesteps, features } = shape;
  return { batch, timesteps, inputs: values(batch * timesteps * features, 3, 1), lengths };
}
