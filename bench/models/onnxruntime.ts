import { join } from "node:path";
import { importPackage, packageVersion } from "../packages.js";
import type { ModelContender, ModelProblem, ModelTask } from "./model.js";
import { timeCalls } from "./model.js";

/** The part of onnxruntime-node's interface that is used here. */
interface OnnxRuntime {
  InferenceSession: { create(path: string, options: object): Promise<Session> };
  Tensor: new (type: string, data: Float32Array | Int32Array, dims: number[]) => object;
}

interface Session {
  readonly outputNames: readonly string[];
  run(feeds: Record<string, object>): Promise<Record<string, { data: Float32Array }>>;
  release(): Promise<void>;
}

/** Opens onnxruntime-node on the CPU, with the graphs of onnx_models.py. Rejects with `Unavailable`. */
export async function openOnnxRuntime(threads: number): Promise<ModelContender> {
  const { default: ort } = await importPackage<{ default: OnnxRuntime }>("onnxruntime-node");
  return {
    name: "onnxruntime-node",
    version: packageVersion("onnxruntime-node"),
    declines: () => null,
    async prepare({ model, folder, batch, inputs }: ModelProblem): Promise<ModelTask> {
      const session = await ort.InferenceSession.create(join(folder, `${model.file}.onnx`), {
        executionProviders: ["cpu"],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
      });
      const feeds: Record<string, object> = {};
      for (const [index, { row, words }] of model.inputs.entries()) {
        const type = words === null ? "float32" : "int32";
        feeds[`x${index}`] = new ort.Tensor(type, inputs[index] as Float32Array, [batch, ...row]);
      }
      const results = await session.run(feeds);
      return {
        outputs: session.outputNames.map((name) => (results[name] as { data: Float32Array }).data),
        time: (calls) => timeCalls(calls, () => session.run(feeds)),
        close: () => session.release(),
      };
    },
    close() {},
  };
}
