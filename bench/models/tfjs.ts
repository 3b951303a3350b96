import { createRequire } from "node:module";
import { dirname } from "node:path";
import { Unavailable } from "../contender.js";
import { importPackage, packageVersion } from "../packages.js";
import { type ModelContender, type ModelProblem, timeCalls } from "./model.js";

/** The part of tfjs's interface that is used here. */
interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  tensor(data: Float32Array | Int32Array, shape: number[], dtype: string): TfTensor;
  tidy<T>(body: () => T): T;
  dispose(tensors: readonly TfTensor[]): void;
  input(config: object): TfSymbolic;
  model(config: object): TfModel;
  layers: Record<string, (config: object) => { apply(inputs: unknown): TfSymbolic & TfSymbolic[] }>;
}

type TfSymbolic = object;

interface TfTensor {
  dataSync(): Float32Array;
}

interface TfModel {
  predict(inputs: unknown): TfTensor | TfTensor[];
  dispose(): void;
}

/** Makes the model `name` of keras_models.py, with GRUs of `reset_after: false`, which are all that tfjs has. */
function makeModel(tf: TensorFlow, name: string): TfModel {
  const layer = (kind: string, config: object, inputs: unknown) =>
    tf.layers[kind]?.(config).apply(inputs) as TfSymbolic[];
  // The default, orthogonal matrices, takes tfjs seconds.
  const gru = { recurrentActivation: "sigmoid", recurrentInitializer: "glorotUniform", resetAfter: false };
  const words = (length: number, size: number) => {
    const x = tf.input({ shape: [length], dtype: "int32" });
    return { x, embedded: layer("embedding", { inputDim: size, outputDim: 64 }, x) };
  };
  switch (name) {
    case "text classifier": {
      const { x, embedded } = words(100, 10_000);
      const state = layer("gru", { ...gru, units: 64 }, embedded);
      const hidden = layer("dense", { units: 32, activation: "relu" }, state);
      return tf.model({ inputs: x, outputs: layer("dense", { units: 1, activation: "sigmoid" }, hidden) });
    }
    case "forecaster": {
      const x = tf.input({ shape: [96, 8] });
      // tfjs cannot pad causally; "same" costs as much.
      const convolved = layer("conv1d", { filters: 32, kernelSize: 5, padding: "same", activation: "relu" }, x);
      const state = layer("gru", { ...gru, units: 64 }, layer("maxPooling1d", { poolSize: 2 }, convolved));
      return tf.model({ inputs: x, outputs: layer("dense", { units: 24 }, state) });
    }
    case "denoiser": {
      const x = tf.input({ shape: [100, 42] });
      const sequence = { ...gru, returnSequences: true };
      const dense = layer("dense", { units: 24, activation: "tanh" }, x);
      const speech = layer("gru", { ...sequence, units: 24 }, dense);
      const noise = layer("gru", { ...sequence, units: 48 }, layer("concatenate", {}, [dense, speech, x]));
      const denoise = layer("gru", { ...sequence, units: 96 }, layer("concatenate", {}, [speech, noise, x]));
      const gains = layer("dense", { units: 22, activation: "sigmoid" }, denoise);
      return tf.model({ inputs: x, outputs: [gains, layer("dense", { units: 1, activation: "sigmoid" }, speech)] });
    }
    case "encoder and decoder": {
      const [source, target] = [tf.input({ shape: [50, 16] }), tf.input({ shape: [20, 8] })];
      const [, state] = layer("gru", { ...gru, units: 128, returnState: true }, source);
      const decoder = tf.layers.gru?.({ ...gru, units: 128, returnSequences: true }) as {
        apply(inputs: unknown, kwargs: object): TfSymbolic;
      };
      const sequence = decoder.apply(target, { initialState: [state] });
      return tf.model({ inputs: [source, target], outputs: layer("dense", { units: 8 }, sequence) });
    }
    case "tagger": {
      const { x, embedded } = words(50, 5_000);
      const one = tf.layers.gru?.({ ...gru, units: 64, returnSequences: true });
      const both = layer("bidirectional", { layer: one, mergeMode: "concat" }, embedded);
      const softmax = tf.layers.dense?.({ units: 20, activation: "softmax" });
      return tf.model({ inputs: x, outputs: layer("timeDistributed", { layer: softmax }, both) });
    }
    default:
      throw new Unavailable(`tfjs has no model ${name} here`);
  }
}

/** tfjs with its wasm backend, on random weights: its GRU cannot compute these models, so it has models of the same sizes. */
export async function openTfjs(threads: number): Promise<ModelContender> {
  if (threads > 1) throw new Unavailable("its wasm backend has one thread in Node.js");
  const backend = "@tensorflow/tfjs-backend-wasm";
  const tf = await importPackage<TensorFlow>("@tensorflow/tfjs");
  const wasm = await importPackage<{ setWasmPaths(folder: string): void }>(backend);
  wasm.setWasmPaths(`${dirname(createRequire(import.meta.url).resolve(backend))}/`);
  await tf.setBackend("wasm");
  return {
    name: "tfjs (wasm)",
    version: packageVersion("@tensorflow/tfjs"),
    declines: () => null,
    async prepare({ model: { name, inputs: described }, batch, inputs }: ModelProblem) {
      const model = makeModel(tf, name);
      const tensors = described.map(({ row, words }, index) =>
        tf.tensor(inputs[index] as Float32Array, [batch, ...row], words === null ? "float32" : "int32"),
      );
      const call = () =>
        tf.tidy(() => {
          const result = model.predict(tensors.length === 1 ? tensors[0] : tensors);
          return (Array.isArray(result) ? result : [result]).map((one) => one.dataSync());
        });
      return {
        outputs: null,
        time: (calls) => timeCalls(calls, call),
        close() {
          tf.dispose(tensors);
          model.dispose();
        },
      };
    },
    close() {},
  };
}
