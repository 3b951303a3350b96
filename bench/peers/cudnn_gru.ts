import { GRU, tensor } from "../../dist/index.js";
import type { Peer } from "../problem.js";

export const cudnnGru: Peer = async (problem) => {
  const { batch, timesteps, features, units, resetAfter } = problem;
  const gru = new GRU(units, { reset_after: resetAfter, use_cudnn: false });
  gru.build([null, null, features]);
  gru.setWeights([problem.kernel, problem.recurrentKernel, problem.bias]);
  const inputs = tensor(problem.inputs, [batch, timesteps, features]);
  return {
    name: "cudnn-gru",
    run: () => gru.call(inputs).data as Float32Array,
    dispose: () => gru.dispose(),
  };
};
