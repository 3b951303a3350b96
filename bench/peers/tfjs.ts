import { createRequire } from "node:module";
import { dirname } from "node:path";
import type { Peer } from "../problem.js";

/** What we use of tfjs (its types are there only once bench/ is installed). */
interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  tensor(data: Float32Array, shape: number[]): TfTensor;
  tidy<T>(body: () => T): T;
  layers: {
    gru(config: object): {
      setWeights(w: TfTensor[]): void;
      apply(x: TfTensor): TfTensor;
    };
  };
}

interface TfTensor {
  dataSync(): Float32Array;
  dispose(): void;
}

/** tfjs with its wasm backend; its GRU has no `resetAfter: true`. */
export const tfjs: Peer = async (problem) => {
  if (problem.resetAfter) return null;
  const [core, backend] = ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"] as const;
  const tf = (await import(core)) as TensorFlow;
  const wasm = (await import(backend)) as { setWasmPaths(folder: string): void; setThreadsCount(count: number): void };
  wasm.setWasmPaths(`${dirname(createRequire(import.meta.url).resolve(backend))}/`);
  wasm.setThreadsCount(1);
  await tf.setBackend("wasm");
  const { batch, timesteps, features, units } = problem;
  const initializers = { kernelInitializer: "zeros", recurrentInitializer: "zeros" };
  const layer = tf.layers.gru({ units, resetAfter: false, recurrentActivation: "sigmoid", ...initializers });
  const inputs = tf.tensor(problem.inputs, [batch, timesteps, features]);
  layer.apply(inputs).dispose(); // builds the layer
  layer.setWeights([
    tf.tensor(problem.kernel, [features, 3 * units]),
    tf.tensor(problem.recurrentKernel, [units, 3 * units]),
    tf.tensor(problem.bias, [3 * units]),
  ]);
  return {
    name: "tfjs (wasm)",
    run: () => tf.tidy(() => layer.apply(inputs).dataSync()),
    dispose: () => inputs.dispose(),
  };
};
