import { backendInfo, type GRU, tensor } from "../../dist/index.js";
import type { Contender, ContenderSource, Task } from "../contender.js";
import { packageVersion } from "../packages.js";
import type { Problem } from "../problem.js";
import { makeInputs, makeLayer, timeCalls } from "./cudnn_gru.js";
import { pythonPeer } from "./python.js";

/** Our layer in training as users call it: `forward`, then `backward` from a gradient of ones. */
export class CudnnGruTraining implements Contender {
  readonly name = "cudnn-gru";
  readonly version = `${packageVersion("..")} ${backendInfo().cpu.isa}`;
  readonly resetAfter = true;

  declines(): null {
    return null;
  }

  async prepare(problem: Problem): Promise<Task> {
    const { batch, timesteps, units } = problem.shape;
    const gru = makeLayer(problem, { return_sequences: true, return_state: false }) as GRU<false>;
    const inputs = makeInputs(problem);
    const upstream = { output: tensor(new Float32Array(batch * timesteps * units).fill(1), [batch, timesteps, units]) };
    const step = () => gru.forward(inputs).backward(upstream);
    const { inputs: dInputs, weights } = step();
    return {
      output: joined([dInputs, ...weights].map(({ data }) => data as Float32Array)),
      time: async (calls) => timeCalls(step, calls),
      close: () => gru.dispose(),
    };
  }

  close(): void {}
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let place = 0;
  for (const part of parts) {
    all.set(part, place);
    place += part.length;
  }
  return all;
}

/** `torch.nn.GRU` with autograd, called from Python. */
export const pytorchTraining: ContenderSource = pythonPeer("pytorch", "PyTorch", "torch_gru_training.py", [
  "torch",
  "numpy",
]);
