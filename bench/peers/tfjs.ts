import { createRequire } from "node:module";
import { dirname } from "node:path";
import { type Contender, type ContenderSource, type Task, Unavailable } from "../contender.js";
import { importPackage, packageVersion } from "../packages.js";
import type { Problem } from "../problem.js";
import { flopsOf, type Shape } from "../shapes.js";

/** The part of tfjs's interface that is used here. */
interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  tensor(data: Float32Array, shape: number[]): TfTensor;
  tidy<T>(body: () => T): T;
  layers: { gru(config: object): TfLayer };
}

interface TfLayer {
  setWeights(weights: TfTensor[]): void;
  apply(inputs: TfTensor): TfTensor;
  dispose(): void;
}

interface TfTensor {
  dataSync(): Float32Array;
  dispose(): void;
}

/** Beyond this a call takes seconds. */
const MOST_FLOPS = 1e8;

class TfjsWasm implements Contender {
  readonly name = "tfjs (wasm)";
  readonly version = packageVersion("@tensorflow/tfjs");
  readonly role = "peer";
  readonly resetAfter = false;
  readonly #tf: TensorFlow;

  constructor(tf: TensorFlow) {
    this.#tf = tf;
  }

  declines(shape: Shape): string | null {
    return flopsOf(shape) > MOST_FLOPS ? "too slow to be measured at this shape" : null;
  }

  async prepare(problem: Problem): Promise<Task> {
    const tf = this.#tf;
    const { batch, timesteps, features, units } = problem.shape;
    const layer = tf.layers.gru({
      units,
      returnSequences: true,
      recurrentActivation: "sigmoid",
      kernelInitializer: "zeros",
      recurrentInitializer: "zeros",
    });
    const inputs = tf.tensor(problem.inputs, [batch, timesteps, features]);
    layer.apply(inputs).dispose(); // The first call makes the weights.
    const weights = [
      tf.tensor(problem.kernel, [features, 3 * units]),
      tf.tensor(problem.recurrentKernel, [units, 3 * units]),
      tf.tensor(problem.bias.slice(0, 3 * units), [3 * units]),
    ];
    layer.setWeights(weights);
    const call = () => tf.tidy(() => layer.apply(inputs).dataSync());
    return {
      output: call(),
      async time(calls) {
        const start = process.hrtime.bigint();
        for (let i = 0; i < calls; i++) call();
        return Number(process.hrtime.bigint() - start);
      },
      close() {
        for (const held of [inputs, layer, ...weights]) held.dispose();
      },
    };
  }

  close(): void {}
}

/** tfjs with its wasm backend. Its GRU knows only `reset_after: false`, so it computes a slightly different layer. */
export const tfjs: ContenderSource = {
  name: "tfjs",
  async open(threads) {
    if (threads > 1) throw new Unavailable("its wasm backend has one thread in Node.js");
    const backend = "@tensorflow/tfjs-backend-wasm";
    const tf = await importPackage<TensorFlow>("@tensorflow/tfjs");
    const wasm = await importPackage<{ setWasmPaths(folder: string): void }>(backend);
    wasm.setWasmPaths(`${dirname(createRequire(import.meta.url).resolve(backend))}/`);
    await tf.setBackend("wasm");
    return new TfjsWasm(tf);
  },
};
