// The layers of this package, as `compute` calls them.
import type { Bidirectional, FloatArray, GRU, Tensor } from "../../index.js";
import type { CallArguments, Computing } from "./computation.js";

type Results = readonly Tensor<FloatArray>[];

/** Returns what computes a GRU: its results are the output and the state. */
export function computingGru(gru: GRU<true>): Computing {
  const own = ({ initial_state, ...others }: CallArguments) => ({
    ...others,
    initial_state: initial_state === null ? null : (initial_state[0] ?? null),
  });
  return {
    call: (inputs, args) => gru.call(inputs, own(args)),
    forward(inputs, args) {
      const pass = gru.forward(inputs, own(args));
      return {
        results: [pass.output, pass.state],
        backward([output, state]) {
          const found = pass.backward({ output: output ?? null, state: state ?? null });
          return { inputs: found.inputs, initialStates: [found.initial_state], weights: found.weights };
        },
        dispose: () => pass.dispose(),
      };
    },
  };
}

/** Returns what computes both halves of a Bidirectional: its results are the output or outputs and both states. */
export function computingBidirectional(both: Bidirectional): Computing {
  return {
    call: (inputs, args) => both.call(inputs, args) as Results,
    forward(inputs, args) {
      const pass = both.forward(inputs, args);
      const outputs = [pass.output].flat() as Results;
      return {
        results: [...outputs, ...pass.states],
        backward(upstream) {
          const own = upstream.slice(0, outputs.length);
          const output = own.length === 1 ? (own[0] as Float32Array) : own;
          const found = pass.backward({ output, states: upstream.slice(outputs.length) });
          return { inputs: found.inputs, initialStates: found.initial_state, weights: found.weights };
        },
        dispose: () => pass.dispose(),
      };
    },
  };
}
