import type { Peer, Problem } from "../problem.js";
import { onnxModel } from "./onnx_model.js";

/** What we use of onnxruntime-node (its types are there only once bench/ is installed). */
interface OnnxRuntime {
  InferenceSession: {
    create(model: Uint8Array, options: { intraOpNumThreads: number; interOpNumThreads: number }): Promise<Session>;
  };
  Tensor: new (type: "float32", data: Float32Array, dims: number[]) => object;
}

interface Session {
  run(feeds: Record<string, object>): Promise<{ state: { data: Float32Array } }>;
  release(): Promise<void>;
}

function timeMajor({ inputs, batch, timesteps, features }: Problem): Float32Array {
  const out = new Float32Array(inputs.length);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < timesteps; t++) {
      const from = (b * timesteps + t) * features;
      out.set(inputs.subarray(from, from + features), (t * batch + b) * features);
    }
  }
  return out;
}

/** onnxruntime-node on one thread; its inputs are time-major, as its GRU takes them, before the clock runs. */
export const onnxRuntime: Peer = async (problem) => {
  const name = "onnxruntime-node";
  const { default: ort } = (await import(name)) as { default: OnnxRuntime };
  const session = await ort.InferenceSession.create(onnxModel(problem), { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const x = new ort.Tensor("float32", timeMajor(problem), [problem.timesteps, problem.batch, problem.features]);
  return {
    name,
    run: async () => (await session.run({ x })).state.data,
    dispose: () => void session.release(),
  };
};
