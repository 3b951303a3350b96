// tf.loadLayersModel reads Keras models whose GRU has reset_after=true, and model.fit trains them.
import * as tf from "@tensorflow/tfjs";
import { GRU as CoreGRU, memoryUsage, type Tensor } from "cudnn-gru";
import { GRU } from "cudnn-gru/tfjs";
import { describe, expect, it } from "vitest";
import { relativeError } from "../golden/reader.js";
import {
  artifactsOf,
  functionalLayer,
  kerasGruConfig,
  type NamedWeight,
  sequentialLayer,
  values,
} from "./layers_model.js";
import { quiet } from "./support.js";

quiet();

const FEATURES = 3;
const UNITS = 4;
const SHAPES = { kernel: [FEATURES, 3 * UNITS], recurrent_kernel: [UNITS, 3 * UNITS], bias: [2, 3 * UNITS] };

/** The weights of a GRU in a file, under `prefix`. */
function weightsOf(prefix: string, seed: number, bias = SHAPES.bias): NamedWeight[] {
  const shapes = Object.entries({ ...SHAPES, bias });
  return shapes.map(([name, shape], index) => [`${prefix}/${name}`, shape, values(shape, seed + index)]);
}

const dense: NamedWeight[] = [
  ["dense/kernel", [UNITS, 1], values([UNITS, 1], 9)],
  ["dense/bias", [1], [0.25]],
];
const denseConfig = { name: "dense", units: 1, activation: "linear", use_bias: true };

const input = { batch_input_shape: [null, null, FEATURES], dtype: "float32", sparse: false, ragged: false, name: "in" };

function sequential(...layers: object[]): object {
  return {
    class_name: "Sequential",
    config: { name: "model", layers: [sequentialLayer("InputLayer", input), ...layers] },
  };
}

/** Returns the output of this package's own layer with these weights. */
function core(args: object, weights: NamedWeight[], inputs: tf.Tensor, call: object = {}): Tensor[] {
  const gru = new CoreGRU({ units: UNITS, ...args });
  gru.build([null, null, FEATURES]);
  gru.setWeights(weights.map(([, shape, data]) => ({ shape, data: Float32Array.from(data) })));
  const results = gru.call({ data: inputs.dataSync() as Float32Array, shape: inputs.shape }, call);
  gru.dispose();
  return [results].flat();
}

function same(actual: tf.Tensor, expected: Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(relativeError(actual.dataSync(), expected.data)).toBeLessThanOrEqual(1e-6);
}

const inputs = tf.tensor(values([2, 5, FEATURES], 7), [2, 5, FEATURES]);
const gruWeights = weightsOf("gru/gru_cell", 1);

describe("models of Keras 2, Sequential", () => {
  const config = kerasGruConfig({ name: "gru", units: UNITS });
  const artifacts = artifactsOf(sequential(sequentialLayer("GRU", config), sequentialLayer("Dense", denseConfig)), [
    ...gruWeights,
    ...dense,
  ]);

  it("are loaded with this package's layer, and compute what Keras does", async () => {
    const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
    const [gru] = model.layers.filter((layer) => layer.name === "gru");
    expect(gru).toBeInstanceOf(GRU);
    const hidden = core({}, gruWeights, inputs)[0] as Tensor;
    const head = tf.tensor(Float32Array.from(dense[0]?.[2] as ArrayLike<number>), [UNITS, 1]);
    const expected = tf.add(tf.matMul(tf.tensor2d(hidden.data as Float32Array, [2, UNITS]), head), 0.25);
    const output = model.predict(inputs) as tf.Tensor;
    expect(relativeError(output.dataSync(), expected.dataSync())).toBeLessThanOrEqual(1e-6);
  });

  it("are trained by model.fit", async () => {
    const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
    model.compile({ optimizer: tf.train.adam(0.02), loss: "meanSquaredError" });
    const x = tf.tensor(values([32, 5, FEATURES], 3), [32, 5, FEATURES]);
    const y = tf.mean(x, [1, 2]).reshape([32, 1]);
    const { history } = await model.fit(x, y, { epochs: 30, batchSize: 8, shuffle: false, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 20);
    const [kernel] = model.getLayer("gru").getWeights();
    expect(relativeError((kernel as tf.Tensor).dataSync(), values(SHAPES.kernel, 1))).toBeGreaterThan(1e-3);
    expect(memoryUsage().passes).toBe(0);
  });

  it("are saved and loaded again", async () => {
    const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
    let saved: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler(async (written) => {
        saved = written;
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
      }),
    );
    const written = JSON.parse(JSON.stringify(saved?.modelTopology));
    const layer = JSON.stringify(written);
    expect(layer).toContain('"class_name":"GRU"');
    expect(layer).toContain('"reset_after":true');
    expect(layer).toContain('"recurrent_activation":"sigmoid"');
    const again = await tf.loadLayersModel(
      tf.io.fromMemory({ ...(saved as tf.io.ModelArtifacts), modelTopology: written }),
    );
    expect((again.predict(inputs) as tf.Tensor).dataSync()).toEqual((model.predict(inputs) as tf.Tensor).dataSync());
  });
});

describe("what a config says", () => {
  const load = async (config: object, weights: NamedWeight[], version?: string) => {
    const layer = sequentialLayer("GRU", { ...kerasGruConfig({ name: "gru", units: UNITS }), ...config });
    return tf.loadLayersModel(tf.io.fromMemory(artifactsOf(sequential(layer), weights, version)));
  };
  const plain = weightsOf("gru/gru_cell", 1, [3 * UNITS]);

  it.each<[string, object, object]>([
    ["return_sequences", { return_sequences: true }, { return_sequences: true }],
    ["go_backwards", { go_backwards: true }, { go_backwards: true }],
    [
      "relu and hard_sigmoid, which is Keras 2's",
      { activation: "relu", recurrent_activation: "hard_sigmoid" },
      {
        activation: "relu",
        recurrent_activation: "keras2_hard_sigmoid",
      },
    ],
    [
      "activations of several words",
      { activation: "log_softmax", recurrent_activation: "soft_shrink" },
      {
        activation: "log_softmax",
        recurrent_activation: "soft_shrink",
      },
    ],
    [
      "what Keras 3 writes, hard_sigmoid included, which is its own",
      {
        zero_output_for_mask: false,
        seed: null,
        recurrent_activation: "hard_sigmoid",
        dtype: { module: "keras", class_name: "DTypePolicy", config: { name: "float32" }, registered_name: null },
      },
      { recurrent_activation: "hard_sigmoid" },
    ],
  ])("%s", async (_, config, args) => {
    const model = await load(config, gruWeights);
    same(model.predict(inputs) as tf.Tensor, core(args, gruWeights, inputs)[0] as Tensor);
    const gru = model.getLayer("gru");
    const clone = GRU.fromConfig(GRU as never, gru.getConfig()) as GRU;
    clone.apply(inputs);
    clone.setWeights(gru.getWeights());
    same(clone.apply(inputs) as tf.Tensor, core(args, gruWeights, inputs)[0] as Tensor);
  });

  it("reset_after=False, also of a config too old to say so, as tfjs's own GRU computes it", async () => {
    const own = tf.layers.gru({ units: UNITS, recurrentActivation: "hardSigmoid" });
    own.apply(inputs);
    own.setWeights(plain.map(([, shape, data]) => tf.tensor(Float32Array.from(data), shape)));
    const expected = (own.apply(inputs) as tf.Tensor).dataSync();
    const { reset_after: _, recurrent_activation: __, ...old } = kerasGruConfig({ name: "gru", units: UNITS });
    for (const config of [{ ...old, reset_after: false, recurrent_activation: "hard_sigmoid" }, old]) {
      const artifacts = artifactsOf(sequential(sequentialLayer("GRU", config)), plain);
      const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
      expect(model.getLayer("gru")).toBeInstanceOf(GRU);
      expect(relativeError((model.predict(inputs) as tf.Tensor).dataSync(), expected)).toBeLessThanOrEqual(1e-6);
    }
  });

  it("time_major is refused", async () => {
    await expect(load({ time_major: true }, gruWeights)).rejects.toMatchObject({ code: "ERR_UNSUPPORTED" });
  });

  it("an activity regularizer is kept, and refuses to be trained", async () => {
    const model = await load({ activity_regularizer: { class_name: "L2", config: { l2: 0.5 } } }, gruWeights);
    same(model.predict(inputs) as tf.Tensor, core({}, gruWeights, inputs)[0] as Tensor);
    const config = model.getLayer("gru").getConfig();
    expect(config.activityRegularizer).toEqual({ className: "L2", config: { l2: 0.5 } });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const message =
      "Expected null in training for `activityRegularizer` but received a regularizer: tfjs has no losses of activities.";
    await expect(model.fit(inputs, tf.zeros([2, UNITS]), { verbose: 0 })).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED",
      message,
    });
  });

  it("weights that do not fit are refused", async () => {
    await expect(load({}, plain)).rejects.toThrow(/[Ss]hape/);
    await expect(load({}, gruWeights.slice(1))).rejects.toThrow("weights are not set: gru/kernel");
  });
});

describe("models with several inputs and outputs", () => {
  it("an encoder and a decoder: states go from one GRU to the other, past a Masking layer", async () => {
    const encoder = kerasGruConfig({ name: "encoder", units: UNITS, return_state: true });
    const decoder = kerasGruConfig({ name: "decoder", units: UNITS, return_sequences: true });
    const stated = functionalLayer("GRU", decoder);
    const model = {
      class_name: "Functional",
      config: {
        name: "model",
        layers: [
          functionalLayer("InputLayer", { ...input, name: "source" }),
          functionalLayer("InputLayer", { ...input, name: "target" }),
          functionalLayer("Masking", { name: "masking", mask_value: 0 } as { name: string }, "source"),
          functionalLayer("GRU", encoder, "masking"),
          {
            ...stated,
            inbound_nodes: [
              [
                ["target", 0, 0, {}],
                ["encoder", 0, 1, {}],
              ],
            ],
          },
        ],
        input_layers: [
          ["source", 0, 0],
          ["target", 0, 0],
        ],
        output_layers: [["decoder", 0, 0]],
      },
    };
    const first = weightsOf("encoder/gru_cell_1", 1);
    const second = weightsOf("decoder/gru_cell_2", 5);
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifactsOf(model, [...first, ...second])));
    const source = values([2, 5, FEATURES], 4);
    source.fill(0, 3 * FEATURES, 5 * FEATURES);
    const sources = tf.tensor(source, [2, 5, FEATURES]);
    const target = tf.tensor(values([2, 6, FEATURES], 8), [2, 6, FEATURES]);
    const state = core({ return_state: true }, first, sources, { lengths: [3, 5] })[1] as Tensor;
    const expected = core({ return_sequences: true }, second, target, { initial_state: state })[0] as Tensor;
    same(loaded.predict([sources, target]) as tf.Tensor, expected);
  });

  it("a Bidirectional one", async () => {
    const layer = sequentialLayer("GRU", kerasGruConfig({ name: "gru", units: UNITS, return_sequences: true }));
    const config = { name: "both", trainable: true, layer, merge_mode: "concat" };
    const forward = weightsOf("both/forward_gru/gru_cell_1", 1);
    const backward = weightsOf("both/backward_gru/gru_cell_2", 5);
    const artifacts = artifactsOf(sequential(sequentialLayer("Bidirectional", config)), [...forward, ...backward]);
    const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
    const output = model.predict(inputs) as tf.Tensor;
    const halves = tf.split(output, 2, -1);
    same(halves[0] as tf.Tensor, core({ return_sequences: true }, forward, inputs)[0] as Tensor);
    const reversed = core({ return_sequences: true, go_backwards: true }, backward, inputs)[0] as Tensor;
    const expected = tf.reverse(tf.tensor3d(reversed.data as Float32Array, [2, 5, UNITS]), 1);
    expect(relativeError((halves[1] as tf.Tensor).dataSync(), expected.dataSync())).toBeLessThanOrEqual(1e-6);
  });
});
