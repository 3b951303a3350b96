import { join } from "node:path";
import { type Tensor, tensor } from "../../dist/index.js";
import { loadKerasModel } from "../../dist/models/index.js";
import { type ModelContender, type ModelProblem, timeCalls } from "./model.js";

/** How our model is called. */
type Way = "predict" | "predictAsync";

/** Our model from its `.keras` file, called with `predict` or with `predictAsync`, which is awaited. */
export function ourModels(version: string, way: Way): ModelContender {
  return {
    name: way === "predict" ? "cudnn-gru" : "cudnn-gru, predictAsync",
    version,
    declines: () => null,
    async prepare({ model: { file, inputs: described }, folder, batch, inputs }: ModelProblem) {
      const model = await loadKerasModel(join(folder, `${file}.keras`));
      const tensors = described.map(({ row }, index) => tensor(inputs[index] as Float32Array, [batch, ...row]));
      const given = (tensors.length === 1 ? tensors[0] : tensors) as Tensor;
      const listed = (result: unknown) => (Array.isArray(result) ? result : [result]) as Tensor[];
      return {
        outputs: listed(model.predict(given)).map(({ data }) => data as Float32Array),
        time: (calls) => timeCalls(calls, () => (way === "predict" ? model.predict(given) : model.predictAsync(given))),
        close: () => model.dispose(),
      };
    },
    close() {},
  };
}
