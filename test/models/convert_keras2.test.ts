// Models of Keras 2 and tf.keras 2 converted to .keras files: real Keras 3 opens them and predicts the same.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GRU } from "cudnn-gru";
import { loadKerasModel, type ModelInputs } from "cudnn-gru/models";
import { strFromU8, unzipSync } from "fflate";
import { afterAll, describe, expect, it } from "vitest";
import { convertModel } from "../../dist/models/export/convert_model.js";
import { type GoldenModel, goldenModels, type ModelTensor, placesIn, TOLERANCES } from "../golden/models/models.js";
import { expectRejection } from "../layers/support.js";
import { edited, golden, type Json } from "./edited.js";
import { type Comparison, compareInKeras, hasKeras, rewriteAsTfKeras } from "./in_keras.js";
import { errorOf } from "./numbers.js";
import { expectSameBits } from "./same_bits.js";

const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-keras2-"));
afterAll(() => rmSync(folder, { recursive: true }));

let written = 0;
function target(format: string): string {
  written += 1;
  return join(folder, `model_${written}${format}`);
}

function stored(bytes: Uint8Array, format: string): string {
  const path = target(format);
  writeFileSync(path, bytes);
  return path;
}

/** Converts a file and returns the path of the `.keras` file. */
async function converted(source: Uint8Array | string): Promise<string> {
  const path = target(".keras");
  await convertModel(source, path, false);
  return path;
}

const callsOf = ({ calls }: GoldenModel) => calls.map(({ inputs, resetBefore }) => ({ inputs, reset: resetBefore }));

/** Compares what Keras predicts with a converted file with the golden predictions. */
function expectGolden({ name, calls, dtype }: GoldenModel, result: Comparison | undefined): void {
  if (result === undefined || "error" in result) throw new Error(`${name}: ${result?.error}`);
  for (const [number, { outputs }] of calls.entries()) {
    for (const [at, [place, tensor]] of inKerasOrder(outputs).entries()) {
      const own = result.outputs[number]?.[at] as ModelTensor;
      const allowed = dtype === "float32" ? 1e-6 : Math.max(1e-6, TOLERANCES[dtype] as number);
      expect(errorOf(own, tensor), `${name}${place}`).toBeLessThanOrEqual(allowed);
    }
  }
}

/** Keras flattens objects by their sorted keys. */
const inKerasOrder = (outputs: GoldenModel["calls"][0]["outputs"]) =>
  Array.isArray(outputs) ? placesIn(outputs) : placesIn(outputs).sort(([a], [b]) => (a < b ? -1 : 1));

const models = goldenModels();
const old = models.filter(({ group, name }) => group === "tf_keras" && name !== "tf_keras/hard_sigmoid");

// Files in which the reader of Keras 3 finds no calls of inner models, keyword tensors, or dtype policies.
const NOT_OPENED = [
  "tf_keras/encoder_decoder_h5",
  "tf_keras/bidirectional_states_h5",
  "tf_keras/mixed_float16_h5",
  "tf_keras/nested_functional_h5",
  "tf_keras/shared_model_h5",
  "tf_keras/nested_dictionary_h5",
  "tf_keras/frozen_h5",
];

describe("every golden file", () => {
  it("predicts the same bits here after the conversion", async () => {
    expect(old.length).toBeGreaterThan(50);
    for (const model of old) await expectSameBits(model, await converted(model.bytes));
  });

  it.skipIf(!hasKeras)(
    "is opened by Keras, with the predictions of the source",
    async () => {
      const cases = [];
      for (const model of old) {
        const before = model.format === "h5" ? stored(model.bytes, ".h5") : null;
        cases.push({ before, after: await converted(model.bytes), calls: callsOf(model) });
      }
      const refused: string[] = [];
      for (const [index, result] of compareInKeras(cases).entries()) {
        const model = old[index] as GoldenModel;
        expectGolden(model, result);
        if ("error" in result || model.format !== "h5") continue;
        if (result.refused !== null) refused.push(model.name);
        else expect(result.difference, model.name).toBeLessThanOrEqual(1e-6);
      }
      expect(refused).toEqual(NOT_OPENED);
    },
    400_000,
  );
});

// What the rewriting leaves out: explicit masks, `zero_output_for_mask`, axes of normalizations, and arguments of Keras 3 alone.
const NOT_REWRITTEN =
  /explicit|zero_output|hard_sigmoid|rms_scaling|layer_normalization\/axis|backward_layer|class_normalized/;

describe.skipIf(!hasKeras)("layers of every kind, as tf.keras 2 writes them", () => {
  it("are opened by Keras, with equal predictions", async () => {
    const counts = new Map<string, number>();
    const picked = models.filter(({ name, group, format }) => {
      if (format !== "keras" || group === "tf_keras" || NOT_REWRITTEN.test(name)) return false;
      const key = /^(simple|merging|further)/.test(group) ? name : group;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return (counts.get(key) as number) <= 4 && !group.startsWith("operations");
    });
    const files = picked.map(({ bytes }) => ({ source: stored(bytes, ".keras"), target: target(".keras") }));
    const problems = rewriteAsTfKeras(files);
    const able = picked
      .map((model, index) => ({ model, path: files[index]?.target as string }))
      .filter((_, at) => problems[at] === null);
    const classes = new Set<string>();
    const cases = [];
    for (const { model, path } of able) {
      const loaded = await loadKerasModel(path);
      for (const { class_name } of loaded.layers) classes.add(class_name);
      loaded.dispose();
      cases.push({ before: null, after: await converted(path), calls: callsOf(model) });
    }
    expect(able.length).toBeGreaterThan(90);
    expect(classes.size).toBeGreaterThan(50);
    for (const [index, result] of compareInKeras(cases).entries()) {
      expectGolden(able[index]?.model as GoldenModel, result);
    }
  }, 400_000);
});

const fixture = (name: string) => `test/fixtures/keras_h5/${name}`;

describe("files of real writers", () => {
  const files = [
    "keras213_behind_weightless.h5",
    "keras213_behind_weightless.keras",
    "keras213_two_grus.h5",
    "tf_keras_bidirectional.h5",
    "tf_keras_bidirectional.keras",
    "tf_keras_cudnn_gru.h5",
    "tf_keras_float64.h5",
    "tf_keras_sequential.h5",
    "tf_keras_time_distributed.h5",
    "tf_keras_two_grus.h5",
  ].map(fixture);

  it("are opened by Keras, with the predictions of the source and of this package", async () => {
    const cases = [];
    const wanted: ModelTensor[][] = [];
    for (const source of files) {
      const [before, after] = [await loadKerasModel(source), await loadKerasModel(await converted(source))];
      const [{ shape: open }] = before.inputs as [(typeof before.inputs)[0]];
      const shape = open.map((size, axis) => size ?? (axis === 0 ? 2 : 5));
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, at) => Math.sin(at));
      const inputs: ModelTensor = { dtype: "float32", shape, data };
      const outputs = before.predict(inputs as ModelInputs);
      expect(after.predict(inputs as ModelInputs), source).toEqual(outputs);
      wanted.push([outputs].flat() as unknown as ModelTensor[]);
      cases.push({
        before: source.endsWith(".h5") ? source : null,
        after: join(folder, `model_${written}.keras`),
        calls: [{ inputs, reset: false }],
      });
    }
    if (!hasKeras) return;
    const equal: string[] = [];
    for (const [index, result] of compareInKeras(cases).entries()) {
      const source = files[index] as string;
      if ("error" in result) throw new Error(`${source}: ${result.error}`);
      for (const [at, tensor] of (wanted[index] as ModelTensor[]).entries()) {
        expect(errorOf(result.outputs[0]?.[at] as ModelTensor, tensor), source).toBeLessThanOrEqual(1e-6);
      }
      if (result.difference !== null) equal.push(source);
      expect(result.difference ?? 0, source).toBe(0);
    }
    expect(equal.length).toBeGreaterThanOrEqual(4);
  }, 120_000);
});

it("a CuDNNGRU becomes a GRU with the weights that Keras makes of it", async () => {
  const source = fixture("tf_keras_cudnn_gru.h5");
  const [after, weights] = [await converted(source), target(".weights.h5")];
  await convertModel(source, weights, false);
  const inside = unzipSync(readFileSync(after))["model.weights.h5"] as Uint8Array;
  expect(readFileSync(weights).equals(inside)).toBe(true);
  // The reader of single layers is tested with the weights that tf_keras itself makes.
  for (const layer of ["fast", "both/backward_layer"]) {
    const [before, own] = [await GRU.fromKeras(source, { layer }), await GRU.fromKeras(after, { layer })];
    expect(own.getWeights(), layer).toEqual(before.getWeights());
    before.dispose();
    own.dispose();
  }
});

describe("arguments", () => {
  const configOf = (path: string): Json =>
    JSON.parse(strFromU8(unzipSync(readFileSync(path))["config.json"] as Uint8Array));
  const withGru = (change: (config: Json) => void) =>
    edited(golden("tf_keras/gru_keras"), (config: Json) => {
      change(config.config.layers.find(({ class_name }: Json) => class_name === "GRU").config);
    });

  const withDense = (changes: object) =>
    edited(golden("tf_keras/dense_keras"), (config: Json) => {
      Object.assign(config.config.layers.find(({ class_name }: Json) => class_name === "Dense").config, changes);
    });

  it("that are layers, or objects of the user's, are written as Keras 3 does", async () => {
    const source = withDense({
      activation: {
        class_name: "LeakyReLU",
        config: { name: "leaky", trainable: true, dtype: "float32", alpha: 0.25 },
      },
      bias_initializer: { class_name: "Mine", config: { size: 2 } },
    });
    const path = await converted(source);
    const { config } = configOf(path).config.layers[1];
    expect(config.bias_initializer).toEqual({
      module: null,
      class_name: "Mine",
      config: { size: 2 },
      registered_name: "Mine",
    });
    expect(config.activation).toMatchObject({
      module: "keras.layers",
      class_name: "LeakyReLU",
      config: { negative_slope: 0.25 },
    });
    const [before, after] = [await loadKerasModel(source), await loadKerasModel(path)];
    const [{ inputs }] = golden("tf_keras/dense_keras").calls as [GoldenModel["calls"][0]];
    expect(after.predict(inputs as ModelInputs)).toEqual(before.predict(inputs as ModelInputs));
  });

  it("that are arrays without axes are written as numbers", async () => {
    const source = edited(golden("tf_keras/leaky_relu_keras"), (config: Json) => {
      const { config: own } = config.config.layers[1];
      own.alpha = { class_name: "__numpy__", config: { value: own.alpha, dtype: "float32" } };
    });
    const { config } = configOf(await converted(source)).config.layers[1];
    expect(config).toMatchObject({ negative_slope: 0.2 });
    expect(config).not.toHaveProperty("alpha");
  });

  it("for training are kept in Keras 3's form", async () => {
    const source = withGru((config) => {
      Object.assign(config, {
        kernel_initializer: {
          class_name: "VarianceScaling",
          config: { scale: 2, mode: "fan_in", distribution: "normal", seed: 3, dtype: "float32" },
        },
        bias_initializer: "zeros",
        kernel_regularizer: {
          class_name: "L1L2",
          config: { l1: 0.01, l2: 0.02 },
        },
        recurrent_constraint: { class_name: "MaxNorm", config: { max_value: 1.5, axis: 0 } },
        activity_regularizer: { class_name: "L2", config: { l2: 0.03 } },
        dropout: 0.2,
        trainable: false,
      });
    });
    const path = await converted(source);
    const { config } = configOf(path).config.layers[1];
    expect(config).toMatchObject({
      kernel_initializer: { module: "keras.initializers", config: { distribution: "normal", seed: 3 } },
      kernel_regularizer: { module: "keras.regularizers", class_name: "L1L2", config: { l1: 0.01, l2: 0.02 } },
      recurrent_constraint: { module: "keras.constraints", class_name: "MaxNorm" },
      dtype: { class_name: "DTypePolicy", config: { name: "float32" } },
      dropout: 0.2,
      trainable: false,
    });
    expect(config).not.toHaveProperty("time_major");
    if (!hasKeras) return;
    const model = golden("tf_keras/gru_keras");
    const [result] = compareInKeras([{ before: null, after: path, calls: callsOf(model) }]);
    expectGolden(model, result);
  }, 60_000);

  it("with another meaning, or none, in Keras 3 are refused", async () => {
    const refused = async (source: Uint8Array, message: RegExp) =>
      expectRejection(() => convertModel(source, target(".keras"), false), "ERR_UNSUPPORTED", message);
    await refused(golden("tf_keras/hard_sigmoid").bytes, /layer "gru".*hard_sigmoid.*another function.*\.weights\.h5/);
    await refused(withDense({ shrink: 2 }), /layer "dense".*no argument shrink.*2 here/);
    await refused(
      withGru((config) => Object.assign(config, { time_major: true })),
      /time_major/,
    );
    const ragged = edited(golden("tf_keras/gru_keras"), (config: Json) => {
      config.config.layers[0].config.ragged = true;
    });
    const slashed = edited(golden("tf_keras/leaky_relu_keras"), (config: Json) => {
      config.config.layers[1].config.name = "block/leaky";
    });
    await refused(slashed, /"block\/leaky".*slash/);
    await refused(ragged, /InputLayer.*ragged/);
  });

  it("do not matter for .weights.h5", async () => {
    const path = target(".weights.h5");
    const { weights } = await convertModel(golden("tf_keras/hard_sigmoid").bytes, path, false);
    expect(weights).toBe(5);
  });
});
