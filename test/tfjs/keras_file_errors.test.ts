// kerasFile: files and models that are refused, hostile ones among them. The message names the layer.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { GRU, kerasFile } from "cudnn-gru/tfjs";
import { afterAll, describe, expect, it } from "vitest";
import { encodeKerasArchive } from "../../dist/formats/keras_files/archive_writer.js";
import { quiet } from "./support.js";

quiet();

const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-keras-errors-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Json = Record<string, unknown>;

const layer = (class_name: string, config: Json, more: Json = {}): Json => ({
  ...{ module: "keras.layers", class_name, config, registered_name: null },
  ...more,
});
const input = (batch_shape: unknown[], name = "in", dtype = "float32") =>
  layer("InputLayer", { batch_shape, dtype, name, sparse: false, ragged: false, optional: false });
const sequential = (...layers: Json[]): Json => layer("Sequential", { name: "model", layers }, { module: "keras" });
const dense = (units: number, name = "dense", more: Json = {}) =>
  layer("Dense", { name, trainable: true, dtype: "float32", units, activation: "linear", use_bias: true, ...more });

/** A tensor in the arguments of a call. */
const tensor = (name: string, node = 0, output = 0): Json => ({
  class_name: "__keras_tensor__",
  config: { shape: [null, 4], dtype: "float32", keras_history: [name, node, output] },
});
const call = (args: unknown[], kwargs: Json = {}): Json => ({ args, kwargs });
const node = (one: Json, ...inbound_nodes: Json[]): Json => ({
  ...one,
  name: (one.config as Json).name,
  inbound_nodes,
});
const functional = (layers: Json[], inputs: unknown, outputs: unknown, name = "model"): Json =>
  layer(
    "Functional",
    { name, layers, input_layers: inputs, output_layers: outputs },
    { module: "keras.src.models.functional", registered_name: "Functional" },
  );

const weight = (...shape: number[]) => ({
  ...{ shape, dtype: "float32" as const },
  data: new Float32Array(shape.reduce((size, length) => size * length, 1)),
});
const kernels = { path: "layers/dense", name: "dense", weights: [weight(4, 3), weight(3)] };

async function bytesOf(
  config: Json,
  groups: { path: string; name: string; weights: ReturnType<typeof weight>[] }[] = [],
) {
  return Buffer.concat(await encodeKerasArchive({ config, groups }));
}

async function refusal(config: Json, groups: Parameters<typeof bytesOf>[1] = []) {
  const bytes = await bytesOf(config, groups);
  return tf.loadLayersModel(kerasFile(bytes)).then(
    () => expect.unreachable("it should have been refused"),
    (error) => error,
  );
}

it("the files of these tests load where nothing is wrong with them", async () => {
  const model = await tf.loadLayersModel(kerasFile(await bytesOf(sequential(input([null, 4]), dense(3)), [kernels])));
  expect((model.predict(tf.ones([2, 4])) as tf.Tensor).shape).toEqual([2, 3]);
});

describe("files", () => {
  it.each<[string, Json, RegExp]>([
    [
      "a layer of the user's",
      sequential(input([null, 4]), layer("Mine", { name: "own" }, { module: "my.layers", registered_name: "my>Mine" })),
      /layer "own" \(Mine\): tfjs does not know layers of your own/,
    ],
    [
      "a Lambda",
      sequential(input([null, 4]), layer("Lambda", { name: "twice" })),
      /layer "twice" \(Lambda\): tfjs has no layer/,
    ],
    [
      "an unknown argument",
      sequential(input([null, 4]), dense(3, "dense", { shine: 2 })),
      /layer "dense" \(Dense\): its argument shine 2 is not known/,
    ],
    [
      "a quantized layer",
      sequential(
        input([null, 4]),
        dense(3, "dense", { dtype: layer("QuantizedDTypePolicy", { name: "int8_from_float32" }) }),
      ),
      /dtype "QuantizedDTypePolicy" is not supported/,
    ],
    [
      "texts as inputs",
      sequential(input([null, 4], "in", "string"), dense(3)),
      /inputs of dtype "string" are not supported/,
    ],
    [
      "a model that says nothing of its layers",
      layer("Mine", { name: "model" }, { module: "my" }),
      /its config does not describe its layers/,
    ],
    [
      "several masks",
      functional(
        [
          node(input([null, 4, 4])),
          node(layer("GRU", { name: "gru", units: 2 }), call([tensor("in")], { mask: [tensor("in")] })),
        ],
        ["in", 0, 0],
        ["gru", 0, 0],
      ),
      /calls with several masks/,
    ],
    [
      "a call with other arguments",
      functional(
        [node(input([null, 4])), node(dense(3), call([tensor("in")], { scale: 2 }))],
        ["in", 0, 0],
        ["dense", 0, 0],
      ),
      /layer "dense" \(Dense\): calls with scale are not supported/,
    ],
  ])("ERR_UNSUPPORTED: %s", async (_, config, message) => {
    expect(await refusal(config, [kernels])).toMatchObject({
      code: "ERR_UNSUPPORTED",
      message: expect.stringMatching(message),
    });
  });

  it.each<[string, Json, RegExp]>([
    ["no weights", sequential(input([null, 4]), dense(3, "other")), /layer "other" \(Dense\)/],
    [
      "weights of another shape",
      sequential(input([null, 5]), dense(3)),
      /layer "dense" \(Dense\): expected kernel .* of shape \(5, 3\) but found \(4, 3\)/,
    ],
    [
      "a layer of units without end",
      sequential(input([null, 4]), dense(2 ** 40)),
      /layer "dense" \(Dense\): expected kernel/,
    ],
    [
      "an input of sizes without end",
      sequential(input([null, 2 ** 40]), dense(3)),
      /layer "dense" \(Dense\): expected kernel/,
    ],
    [
      "units that are no number",
      sequential(input([null, 4]), dense("many" as never)),
      /layer "dense" \(Dense\): tfjs does not accept it/,
    ],
    [
      "sizes that are no numbers",
      sequential(input([null, -4]), dense(3)),
      /layer "in" \(InputLayer\): expected the shape/,
    ],
    ["a Sequential that was never built", sequential(dense(3)), /expected the shape of its inputs but found none/],
    [
      "a size that a Reshape cannot have",
      sequential(input([null, 4]), layer("Reshape", { name: "reshape", target_shape: [3, 5] })),
      /layer "reshape" \(Reshape\)/,
    ],
    [
      "a Conv1D longer than its inputs",
      sequential(
        input([null, 2, 4]),
        layer("Conv1D", {
          name: "conv",
          filters: 2,
          kernel_size: [5],
          strides: [1],
          dilation_rate: [1],
          padding: "valid",
        }),
      ),
      /layer "conv" \(Conv1D\)/,
    ],
    [
      "an output that a layer does not have",
      functional([node(input([null, 4])), node(dense(3), call([tensor("in", 0, 7)]))], ["in", 0, 0], ["dense", 0, 0]),
      /expected output 7 of call 0 of "in"/,
    ],
    [
      "a call that there is not",
      functional([node(input([null, 4])), node(dense(3), call([tensor("in", 3)]))], ["in", 0, 0], ["dense", 0, 0]),
      /but found none/,
    ],
    [
      "a circle",
      functional(
        [node(input([null, 4])), node(dense(4, "a"), call([tensor("b")])), node(dense(4, "b"), call([tensor("a")]))],
        ["in", 0, 0],
        ["b", 0, 0],
      ),
      /circle/,
    ],
    [
      "a call without inputs",
      functional([node(input([null, 4])), node(dense(3), call([null]))], ["in", 0, 0], ["dense", 0, 0]),
      /layer "dense" \(Dense\)/,
    ],
  ])("ERR_FILE_FORMAT: %s", async (_, config, message) => {
    expect(await refusal(config, [kernels])).toMatchObject({
      code: "ERR_FILE_FORMAT",
      message: expect.stringMatching(message),
    });
  });

  it("models in models that call each other twice end in time", async () => {
    let inner = functional(
      [node(input([null, 4])), node(layer("Activation", { name: "relu", activation: "relu" }), call([tensor("in")]))],
      ["in", 0, 0],
      ["relu", 0, 0],
      "m0",
    );
    for (let depth = 1; depth < 40; depth += 1) {
      const name = `m${depth - 1}`;
      inner = functional(
        [node(input([null, 4])), node(inner, call([tensor("in")]), call([tensor(name, 0)]))],
        ["in", 0, 0],
        [name, 2, 0],
        `m${depth}`,
      );
    }
    expect(await refusal(inner)).toMatchObject({
      code: "ERR_FILE_FORMAT",
      message: expect.stringContaining("calls of layers"),
    });
  });

  it("masks of masks of masks end in time", async () => {
    const operation = (class_name: string, name: string, args: unknown[]) =>
      node(layer(class_name, { name }, { module: "keras.src.ops.numpy" }), call(args));
    const layers = [
      node(input([null, 4, 4])),
      operation("NotEqual", "a0", [tensor("in"), 0]),
      operation("NotEqual", "b0", [tensor("in"), 1]),
    ];
    for (let depth = 1; depth < 3000; depth += 1) {
      layers.push(operation("LogicalOr", `a${depth}`, [tensor(`a${depth - 1}`), tensor(`b${depth - 1}`)]));
      layers.push(operation("LogicalOr", `b${depth}`, [tensor(`b${depth - 1}`), tensor(`a${depth - 1}`)]));
    }
    layers.push(node(layer("GRU", { name: "gru", units: 2 }), call([tensor("in")], { mask: tensor("a2999") })));
    expect(await refusal(functional(layers, ["in", 0, 0], ["gru", 0, 0]))).toMatchObject({ code: "ERR_UNSUPPORTED" });
  });

  it("a path that is not there, a file of another kind, and no path", async () => {
    const other = join(folder, "other.keras");
    writeFileSync(other, "nothing");
    await expect(tf.loadLayersModel(kerasFile(join(folder, "none.keras")))).rejects.toMatchObject({
      code: "ERR_ARGUMENT",
    });
    await expect(tf.loadLayersModel(kerasFile(other))).rejects.toMatchObject({ code: "ERR_FILE_FORMAT" });
    for (const source of ["", 7, null, undefined]) {
      expect(() => kerasFile(source as never)).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
    }
  });
});

describe("models of tfjs", () => {
  const saving = (model: tf.LayersModel, args?: tf.io.SaveConfig, path = join(folder, "saved.keras")) =>
    model.save(kerasFile(path), args).then(
      () => expect.unreachable("it should have been refused"),
      (error) => error,
    );
  const one = (last: tf.layers.Layer) =>
    tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [6, 4] }), last] });

  it.each<[string, () => tf.LayersModel, RegExp]>([
    [
      "Keras 2's hard_sigmoid",
      () => one(tf.layers.dense({ units: 2, activation: "hardSigmoid", name: "hard" })),
      /layer "hard" \(Dense\): activation "hard_sigmoid" is no activation of Keras 3/,
    ],
    [
      "tfjs's own GRU with its defaults",
      () => one(tf.layers.gru({ units: 2, name: "own" })),
      /layer "own" \(GRU\): recurrent_activation "hard_sigmoid"/,
    ],
    [
      "this package's GRU with tfjs's hardSigmoid",
      () => one(new GRU({ units: 2, recurrentActivation: "hardSigmoid", name: "ours" })),
      /layer "ours" \(GRU\): recurrent_activation "hard_sigmoid" of Keras 2/,
    ],
    [
      "a layer that Keras has in another way",
      () => one(tf.layers.thresholdedReLU({ name: "old" })),
      /layer "old" \(ThresholdedReLU\): Keras has no layer/,
    ],
    [
      "a constraint",
      () => one(tf.layers.dense({ units: 2, name: "bound", kernelConstraint: "nonNeg" })),
      /layer "bound" \(Dense\): kernel_constraint/,
    ],
    [
      "a masked average",
      () =>
        tf.sequential({
          layers: [tf.layers.masking({ inputShape: [6, 4] }), tf.layers.globalAveragePooling1d({ name: "mean" })],
        }),
      /layer "mean" \(GlobalAveragePooling1D\): its numbers would differ/,
    ],
    [
      "a name with a slash",
      () => one(tf.layers.dense({ units: 2, name: "a/b" })),
      /Keras has no layers with a \/ in their names/,
    ],
  ])("ERR_UNSUPPORTED: %s", async (_, make, message) => {
    const error = await saving(make());
    expect(error).toMatchObject({ name: "GRUError", code: "ERR_UNSUPPORTED", message: expect.stringMatching(message) });
    expect(error.message).toMatch(/^Expected a model that Keras computes as tfjs does for `model` but received /);
  });

  it("only some of the weights", async () => {
    const model = one(tf.layers.dense({ units: 2, name: "half", trainable: false }));
    const error = await saving(model, { trainableOnly: true });
    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED", message: expect.stringContaining("without trainableOnly") });
  });

  it("paths that do not end in .keras, folders that are not there, and bytes; nothing is written", async () => {
    const model = one(tf.layers.dense({ units: 2 }));
    const before = readdirSync(folder);
    for (const path of [join(folder, "model.h5"), join(folder, "none", "model.keras")]) {
      expect(await saving(model, {}, path)).toMatchObject({ code: "ERR_ARGUMENT" });
      expect(existsSync(path)).toBe(false);
    }
    await expect(model.save(kerasFile(Uint8Array.of(1)))).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    expect(readdirSync(folder)).toEqual(before);
  });
});
