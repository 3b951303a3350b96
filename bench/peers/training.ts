import { type GRU, type GRUGradients, tensor } from "../../dist/index.js";
import type { ContenderSource, Task } from "../contender.js";
import { joined, type Problem } from "../problem.js";
import { CudnnGru, makeInputs, makeLayer, timeCalls } from "./cudnn_gru.js";
import { pythonPeer } from "./python.js";

/** Our layer in training as users call it: `forward`, then `backward` from a gradient of ones. */
export class CudnnGruTraining extends CudnnGru {
  override async prepare(problem: Problem): Promise<Task> {
    const { gru, step } = makeStep(problem);
    return {
      output: gradientsOf(step()),
      time: async (calls) => timeCalls(step, calls),
      close: () => gru.dispose(),
    };
  }
}

/** Returns the gradients of our layer in inputs, kernel, recurrent kernel and bias, one after the other. */
export function computeGradients(problem: Problem): Float32Array {
  const { gru, step } = makeStep(problem);
  try {
    return gradientsOf(step());
  } finally {
    gru.dispose();
  }
}

function makeStep(problem: Problem) {
  const { batch, timesteps, units } = problem.shape;
  const gru = makeLayer(problem, { return_sequences: true, return_state: false }) as GRU<false>;
  const inputs = makeInputs(problem);
  const upstream = { output: tensor(new Float32Array(batch * timesteps * units).fill(1), [batch, timesteps, units]) };
  return { gru, step: () => gru.forward(inputs).backward(upstream) };
}

function gradientsOf({ inputs, weights }: GRUGradients): Float32Array {
  return joined([inputs, ...weights].map(({ data }) => data as Float32Array));
}

/** Other libraries that compute gradients; PyTorch is `torch.nn.GRU` with autograd, called from Python. */
export const TRAINING_PEERS: readonly ContenderSource[] = [
  pythonPeer("pytorch", "PyTorch", "torch_gru_training.py", ["torch", "numpy"]),
];
