import { Bidirectional, GRU } from "cudnn-gru";

/** How a layer's calls may have several results, which `fromKeras` must be told: the first that fits the file. */
const RESULTS = [{}, { return_state: true }, { merge_mode: null }, { merge_mode: null, return_state: true }];

/**
 * Reads a GRU, or a Bidirectional of two GRUs, from a Keras file. Rejects as `GRU.fromKeras` does.
 *
 * @param {string} path a `.keras` or whole-model `.h5` file
 * @param args the arguments of `fromKeras`
 */
export async function loadLayer(path, args) {
  let failure;
  for (const type of [GRU, Bidirectional]) {
    for (const results of type === GRU ? RESULTS.slice(0, 2) : RESULTS) {
      try {
        return await type.fromKeras(path, { ...args, ...results });
      } catch (error) {
        if (error.code !== "ERR_ARGUMENT") throw error;
        // The first error is about a GRU. It names the layers of the file.
        failure ??= error;
      }
    }
  }
  throw failure;
}

/**
 * Describes the tensors of a layer's calls.
 *
 * @returns `features`; `states` and `outputs`: lists of `{ name, units }`, whose order is that of the results; whether
 *   outputs have timesteps; and whether calls return the states
 */
export function describeLayer(layer) {
  const [kernel] = layer.weights;
  const [features] = kernel.shape;
  if (layer instanceof GRU) {
    const { units } = layer;
    const { return_sequences: sequences, return_state: returnsStates } = layer.getConfig();
    return {
      features,
      sequences,
      returnsStates,
      outputs: [{ name: "output", units }],
      states: [{ name: "state", units }],
    };
  }
  const halves = [layer.forward_layer, layer.backward_layer];
  const { return_sequences: sequences, return_state: returnsStates } = halves[0].getConfig();
  const results = layer.computeOutputShape([null, null, features]);
  const shapes = Array.isArray(results[0]) ? results : [results];
  const names = layer.merge_mode === null ? ["forward_output", "backward_output"] : ["output"];
  return {
    features,
    sequences,
    returnsStates,
    outputs: names.map((name, index) => ({ name, units: shapes[index].at(-1) })),
    states: ["forward_state", "backward_state"].map((name, index) => ({ name, units: halves[index].units })),
  };
}

/** The path that calls take, and the unmet requirements for cuDNN, each with the name of its GRU if there are two. */
export function explainLayer(layer) {
  const { path, requirements, layers } = layer.explain();
  const unmet = (list, prefix) => list.filter(({ met }) => !met).map(({ id, detail }) => `${prefix}${id}: ${detail}`);
  if (layers === undefined) return { path, unmet: unmet(requirements, "") };
  return { path, unmet: layers.flatMap((each) => unmet(each.requirements, `${each.name}: `)) };
}
