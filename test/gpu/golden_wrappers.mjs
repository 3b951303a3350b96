// The golden data of Bidirectionals and stacks in plain JavaScript: reads the cases, runs them on the path that the layers
// choose, and says how far the results are from Keras's. The format is in test/golden/wrappers.ts.
import { readFileSync } from "node:fs";
import { Bidirectional, GRU, GRUStack } from "cudnn-gru";
import { readTensor, relativeError } from "./golden.mjs";
import { listed, valuesOf } from "./support.mjs";

const folder = new URL("../golden/data/", import.meta.url);

/** Every case, each with a `read` that makes a tensor of an entry: `[dtype, shape, offset]` or `[dtype, shape, seed, scale]`. */
export function* goldenWrappers() {
  for (const file of ["bidirectional.json", "stacks.json", "one_call_stacks.json"]) {
    const { blob: entry, groups } = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
    const blob = readFileSync(new URL(entry.file, folder));
    const read = ([dtype, shape, first, scale]) =>
      readTensor(
        { dtype, shape, offset: first, uniform: scale === undefined ? undefined : { seed: first, scale } },
        blob,
      );
    for (const [group, cases] of Object.entries(groups)) for (const one of cases) yield { ...one, group, read };
  }
}

/** Whether dropout takes part, whose masks Keras drew. */
export function drawsDropout({ calls }) {
  return calls.some(({ dropout }) => (dropout ?? []).some((own) => Object.keys(own).length > 0));
}

/** The Bidirectional or the stack of a case, with its weights. */
export function wrapperOf(golden) {
  const layers = golden.layers.map(({ layer, backward_layer, wrapper }) =>
    wrapper === undefined
      ? new GRU(layer)
      : new Bidirectional(new GRU(layer), {
          ...wrapper,
          backward_layer: backward_layer === undefined ? null : new GRU(backward_layer),
        }),
  );
  const [first] = layers;
  const alone = layers.length === 1 && first instanceof Bidirectional;
  const wrapper = alone ? first : new GRUStack(layers, { return_state: golden.return_state });
  wrapper.build([null, null, golden.calls[0].inputs[1][2]]);
  wrapper.setWeights(golden.weights.flat().map(golden.read));
  return wrapper;
}

function argumentsOf({ read }, { training, mask, initial_state }) {
  return {
    ...(training === undefined ? {} : { training }),
    ...(mask === undefined ? {} : { mask: read(mask) }),
    ...(initial_state === undefined ? {} : { initial_state: initial_state.map(read) }),
  };
}

/** How the first call of a case would be computed: "one call" of cuDNN, "cudnn" for all GRUs, "mixed" or "cpu". */
export function pathOf(golden) {
  const wrapper = wrapperOf(golden);
  const [call] = golden.calls;
  const { mask, training } = argumentsOf(golden, call);
  const { layers, one_cudnn_call } = wrapper.explain({ inputs: golden.read(call.inputs), mask, training });
  wrapper.dispose();
  if (one_cudnn_call.met) return "one call";
  const paths = new Set(layers.map(({ path }) => path));
  return paths.size > 1 ? "mixed" : [...paths][0];
}

function errorOf(found, wanted, read) {
  if (found.length !== wanted.length) return Number.POSITIVE_INFINITY;
  return Math.max(0, ...wanted.map((entry, at) => relativeError(valuesOf(found[at]), valuesOf(read(entry)))));
}

/** Runs every call, synchronous and asynchronous in turn, and returns the worst error of the outputs. */
export async function wrapperForwardError(golden) {
  const wrapper = wrapperOf(golden);
  let worst = 0;
  for (const [index, call] of golden.calls.entries()) {
    if (call.reset_before) wrapper.resetState();
    const [inputs, args] = [golden.read(call.inputs), argumentsOf(golden, call)];
    const result = index % 2 === 0 ? wrapper.call(inputs, args) : await wrapper.callAsync(inputs, args);
    worst = Math.max(worst, errorOf(listed(result), call.outputs, golden.read));
  }
  wrapper.dispose();
  return worst;
}

/** The worst error of the gradients of a case that has them. */
export async function wrapperBackwardError(golden) {
  const wrapper = wrapperOf(golden);
  const [call] = golden.calls;
  const { upstream, inputs, initial_state, weights } = golden.gradients;
  const pass = await wrapper.forwardAsync(golden.read(call.inputs), argumentsOf(golden, call));
  const outputs = listed(pass.output);
  const given = upstream.map(golden.read);
  const own = given.slice(0, outputs.length);
  const found = pass.backward({
    output: own.length === 1 ? own[0] : own,
    states: golden.return_state ? given.slice(outputs.length) : null,
  });
  wrapper.dispose();
  return Math.max(
    errorOf([found.inputs], [inputs], golden.read),
    errorOf(found.weights, weights, golden.read),
    initial_state === undefined ? 0 : errorOf(found.initial_state, initial_state, golden.read),
  );
}
