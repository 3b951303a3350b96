// Converts real whole-model .h5 files of Keras 2 to the input of tf.loadLayersModel, as tensorflowjs_converter does: the
// topology as the file has it, the weights under the names that the file lists.
import { readFileSync } from "node:fs";
import type * as tf from "@tensorflow/tfjs";
import type { Dataset, Group } from "h5wasm";
import { artifactsOf, type NamedWeight } from "./layers_model.js";

/** The model in the .h5 file at `path`, and the Keras version that wrote it. */
export async function convertH5(path: string): Promise<{ artifacts: tf.io.ModelArtifacts; version: string }> {
  const h5 = await import("h5wasm");
  await h5.ready;
  const name = "/converted.h5";
  h5.FS?.writeFile(name, readFileSync(path));
  const file = new h5.File(name, "r");
  try {
    const text = (group: Group, key: string) =>
      [group.attrs[key]?.value].flat().filter((one) => typeof one === "string");
    const version = text(file, "keras_version")[0] as string;
    const stored = file.get("model_weights") as Group;
    const weights = text(stored, "layer_names").flatMap((layer) => {
      const group = stored.get(layer) as Group;
      return text(group, "weight_names").map((weight): NamedWeight => {
        const { shape, value } = group.get(weight) as Dataset;
        return [weight.replace(/:\d+$/, ""), shape as number[], value as Float32Array];
      });
    });
    const config = JSON.parse(text(file, "model_config")[0] as string);
    return { artifacts: artifactsOf(config, weights, version), version };
  } finally {
    file.close();
    h5.FS?.unlink(name);
  }
}
