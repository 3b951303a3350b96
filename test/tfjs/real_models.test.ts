// Converted models that real Keras 2 wrote: in tfjs their GRUs compute the same as the layers that this package reads from the
// same file.
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { GRU as CoreGRU, type Tensor } from "cudnn-gru";
import { GRU } from "cudnn-gru/tfjs";
import { describe, expect, it } from "vitest";
import { relativeError } from "../golden/reader.js";
import { convertH5 } from "./convert_h5.js";
import { values } from "./layers_model.js";
import { quiet } from "./support.js";

quiet();

const at = (file: string) => fileURLToPath(new URL(`../fixtures/keras_h5/${file}`, import.meta.url));

describe.each([
  "tf_keras_sequential.h5",
  "tf_keras_arguments.h5",
  "tf_keras_two_grus.h5",
  "tf_keras_mixed_float16.h5",
  "tf_keras_bidirectional.h5",
  "keras213_arguments.h5",
  "keras213_two_grus.h5",
  "keras2_sequential.h5",
  "keras2_arguments.h5",
])("%s", (file) => {
  it("is loaded, and every GRU in it computes what fromKeras's does", async () => {
    const { artifacts } = await convertH5(at(file));
    const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
    const layers: [string, GRU][] = model.layers.flatMap((layer): [string, GRU][] => {
      if (layer instanceof GRU) return [[layer.name, layer]];
      const halves = layer as unknown as { forwardLayer?: GRU; backwardLayer?: GRU };
      if (halves.forwardLayer === undefined || halves.backwardLayer === undefined) return [];
      return [
        [`${layer.name}/forward_layer`, halves.forwardLayer],
        [`${layer.name}/backward_layer`, halves.backwardLayer],
      ];
    });
    expect(layers.length).toBeGreaterThan(0);
    for (const [layer, loaded] of layers) {
      const core = await CoreGRU.fromKeras(at(file), { layer, dtype: "float32" });
      const [, , features] = (loaded.inputSpec[0] as { shape: number[] }).shape as [number, number, number];
      const { stateful } = core.getConfig();
      const inputs = tf.tensor(values([1, 4, features], 2), [1, 4, features]);
      if (stateful) loaded.resetStates();
      const actual = [loaded.apply(inputs)].flat() as tf.Tensor[];
      const expected = [core.call({ data: inputs.dataSync() as Float32Array, shape: inputs.shape })].flat() as Tensor[];
      expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
      expected.forEach(({ data }, index) => {
        expect(relativeError((actual[index] as tf.Tensor).dataSync(), data)).toBeLessThanOrEqual(1e-6);
      });
    }
  });
});
