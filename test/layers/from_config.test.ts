// Configs of other Keras versions, and whole serialized layers.
import { readFileSync } from "node:fs";
import { GRU } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectedOf } from "../formats/h5_files.js";
import { expectError } from "./support.js";

const base = new GRU(3, { name: "g" }).getConfig();
const { layers } = JSON.parse(readFileSync(new URL("../fixtures/configs.json", import.meta.url), "utf8")) as {
  layers: { config: Record<string, unknown> }[];
};

/** A GRU's config as tf.keras 2 wrote it. */
const TF_KERAS = {
  name: "g",
  trainable: true,
  batch_input_shape: [null, 5, 2],
  dtype: { class_name: "Policy", config: { name: "mixed_float16" } },
  return_sequences: true,
  return_state: false,
  go_backwards: false,
  stateful: false,
  unroll: false,
  time_major: false,
  units: 3,
  activation: "tanh",
  recurrent_activation: "hard_sigmoid",
  use_bias: true,
  kernel_initializer: { class_name: "GlorotUniform", config: { seed: null, dtype: "float32" }, shared_object_id: 1 },
  recurrent_initializer: { class_name: "Orthogonal", config: { gain: 1.0, seed: null }, shared_object_id: 2 },
  bias_initializer: { class_name: "Zeros", config: {}, shared_object_id: 3 },
  kernel_regularizer: { class_name: "L2", config: { l2: 0.5 }, shared_object_id: 4 },
  recurrent_regularizer: null,
  bias_regularizer: null,
  activity_regularizer: null,
  kernel_constraint: null,
  recurrent_constraint: null,
  bias_constraint: null,
  dropout: 0.0,
  recurrent_dropout: 0.0,
  implementation: 2,
  reset_after: true,
};

describe("a config of tf.keras 2", () => {
  it("makes the layer that it was", () => {
    const config = GRU.fromConfig(TF_KERAS).getConfig();
    expect(config).toMatchObject({
      units: 3,
      dtype: { config: { name: "mixed_float16" } },
      return_sequences: true,
      reset_after: true,
      // Keras 2's, which Keras 3 has no name for.
      recurrent_activation: { config: "cudnn_gru>keras2_hard_sigmoid" },
      kernel_initializer: { module: "keras.initializers", class_name: "GlorotUniform", config: { seed: null } },
      kernel_regularizer: { module: "keras.regularizers", class_name: "L2", config: { l2: 0.5 } },
    });
    expect(Object.keys(config)).toEqual(Object.keys(base));
  });

  const grus = (["tf_keras", "keras213", "keras2"] as const).flatMap((writer) =>
    Object.entries(expectedOf(writer)).flatMap(([file, all]) =>
      all
        .filter(({ class_name }) => class_name === "GRU")
        .map((gru) => [`${file} ${gru.path.join("/")}`, gru.config] as const),
    ),
  );

  it.each(grus)("of a real writer: %s", (_, config) => {
    const gru = GRU.fromConfig(config);
    const hard = config.recurrent_activation === "hard_sigmoid";
    expect(gru.getConfig()).toMatchObject({
      name: config.name,
      units: config.units,
      reset_after: config.reset_after ?? false,
      recurrent_activation: hard ? { config: "cudnn_gru>keras2_hard_sigmoid" } : config.recurrent_activation,
    });
  });

  it("has writers to read", () => expect(grus.length).toBeGreaterThan(20));

  it("with time_major=True is refused", () => {
    for (const config of [TF_KERAS, base]) {
      expectError(
        () => GRU.fromConfig({ ...config, time_major: true }),
        "ERR_UNSUPPORTED",
        /Expected .*\(batch, timesteps, features\).*time_major/,
      );
    }
  });
});

describe("what Keras 3 has not", () => {
  it("is dropped from a config of Keras 3, whose names keep their meaning", () => {
    const given = { ...base, recurrent_activation: "hard_sigmoid", time_major: false, batch_input_shape: [null, 5, 2] };
    expect(GRU.fromConfig(given).getConfig()).toEqual({ ...base, recurrent_activation: "hard_sigmoid" });
  });

  it("says nothing of a config that is not whole", () => {
    const config = GRU.fromConfig({ units: 3, recurrent_activation: "hard_sigmoid", implementation: 1 }).getConfig();
    expect(config).toMatchObject({ recurrent_activation: "hard_sigmoid", reset_after: true });
  });

  it("stays an error among the arguments of ours", () => {
    expectError(() => GRU.fromConfig(base, { time_major: false } as never), "ERR_ARGUMENT", /time_major/);
    expectError(() => new GRU({ units: 3, time_major: false } as never), "ERR_ARGUMENT", /time_major/);
    expectError(() => new GRU({ units: 3, batch_input_shape: [null, 5, 2] } as never), "ERR_ARGUMENT", /batch_input/);
    expectError(() => GRU.fromConfig({ ...base, time_majr: false }), "ERR_ARGUMENT", /time_majr/);
  });
});

describe("implementation 0", () => {
  it("of Keras 2.0 is 1 in a config", () => {
    for (const config of [base, TF_KERAS]) {
      const draws = (implementation: number) => {
        const gru = GRU.fromConfig({ ...config, dtype: "float32", implementation, dropout: 0.5, seed: 3 });
        gru.build([null, null, 8]);
        gru.setWeights(gru.weights.map(({ shape }) => new Float32Array(shape.reduce((a, b) => a * b)).fill(0.1)));
        return gru.call({ data: new Float32Array(80).fill(1), shape: [2, 5, 8] }, { training: true });
      };
      expect(draws(0)).toEqual(draws(1));
      expect(draws(0)).not.toEqual(draws(2));
    }
  });

  it("is neither 1 nor 2 for the constructor, as Keras 3 would take it for 2", () => {
    expectError(() => new GRU(3, { implementation: 0 as never }), "ERR_ARGUMENT", /Keras 2\.0 is 1.*`implementation`/);
    expectError(() => GRU.fromConfig(base, { implementation: 0 as never }), "ERR_ARGUMENT", /`implementation`/);
  });
});

describe("a whole serialized layer", () => {
  it.each([
    ["Keras 3", { module: "keras.layers", class_name: "GRU", config: base, registered_name: null }],
    [
      "Keras 3 in a model",
      {
        module: "keras.layers",
        class_name: "GRU",
        config: base,
        registered_name: null,
        build_config: { input_shape: [null, 5, 2] },
        name: "g",
        inbound_nodes: [],
      },
    ],
    ["Keras 2", { class_name: "GRU", config: base }],
    ["tf.keras in a model", { class_name: "GRU", config: base, name: "g", inbound_nodes: [[["input_1", 0, 0, {}]]] }],
    ["TensorFlow's", { module: "tensorflow.python.keras.layers", class_name: "GRU", config: base }],
  ])("of %s", (_, whole) => {
    const gru = GRU.fromConfig(whole, { return_sequences: true });
    expect(gru.getConfig()).toEqual({ ...base, return_sequences: true });
  });

  it("holds any config that the bare form takes", () => {
    for (const { config } of layers) {
      expect(GRU.fromConfig({ class_name: "GRU", config }).getConfig()).toEqual(config);
    }
    expect(GRU.fromConfig({ class_name: "GRU", config: TF_KERAS }).getConfig()).toEqual(
      GRU.fromConfig(TF_KERAS).getConfig(),
    );
  });

  it("of CuDNNGRU is the GRU that computes the same", () => {
    const config = { name: "fast", units: 3, return_sequences: true, stateful: false, go_backwards: false };
    expect(GRU.fromConfig({ class_name: "CuDNNGRU", config }).getConfig()).toMatchObject({
      name: "fast",
      units: 3,
      reset_after: true,
      recurrent_activation: "sigmoid",
    });
  });

  it("of Keras 1", () => {
    const config = {
      name: "old",
      output_dim: 3,
      inner_activation: "hard_sigmoid",
      init: "uniform",
      consume_less: "cpu",
    };
    for (const given of [config, { class_name: "GRU", config }]) {
      expect(GRU.fromConfig(given).getConfig()).toMatchObject({
        name: "old",
        units: 3,
        reset_after: false,
        recurrent_activation: { config: "cudnn_gru>keras2_hard_sigmoid" },
        kernel_initializer: { class_name: "RandomUniform" },
      });
    }
  });

  it.each<[string, unknown, RegExp]>([
    ["another layer", { class_name: "LSTM", config: base }, /`config\.class_name`.*"LSTM"/],
    ["a cell", { class_name: "GRUCell", config: base }, /"GRUCell"/],
    [
      "a wrapper",
      { class_name: "Bidirectional", config: { layer: { class_name: "GRU", config: base } } },
      /"Bidirectional"/,
    ],
    [
      "a GRU of somebody's",
      { module: "mine", class_name: "GRU", config: base, registered_name: "GRU" },
      /`config`.*"mine"/,
    ],
    [
      "a registered GRU",
      { module: null, class_name: "GRU", config: base, registered_name: "pkg>GRU" },
      /`config`.*"pkg>GRU"/,
    ],
    ["no config", { class_name: "GRU" }, /`config\.config`/],
    ["a config of another kind", { class_name: "GRU", config: [base] }, /`config\.config`/],
    ["a class name of another kind", { class_name: 3, config: base }, /`config\.class_name`/],
  ])("%s is refused", (_, whole, message) => {
    expectError(() => GRU.fromConfig(whole as never), "ERR_ARGUMENT", message);
  });
});
