// saveModelWeights: the weights of several layers in one file for Keras.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GRU, type ModelLayer, saveModelWeights, Variable } from "cudnn-gru";
import { afterAll, describe, expect, it } from "vitest";
import { expectRejection, layer, numbers } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "model-weights-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

const variable = (shape: number[], seed: number) =>
  new Variable(
    {
      data: numbers(
        shape.reduce((a, b) => a * b, 1),
        seed,
      ),
      shape,
    },
    { dtype: "float32" },
  );
const dense = (inputs: number, units: number) => ({
  class_name: "Dense" as const,
  name: "head",
  weights: [variable([inputs, units], inputs), variable([units], units)],
});

function model(): { layers: ModelLayer[]; grus: [GRU, GRU] } {
  const grus: [GRU, GRU] = [layer(4, 3, { return_sequences: true }), layer(5, 4, { reset_after: false }, 20)];
  return { grus, layers: [...grus, dense(5, 2), { class_name: "Dense", weights: [variable([2, 3], 8)] }] };
}

describe("saveModelWeights", () => {
  it("writes what loadWeights reads, each layer at its place, the same bytes each time", async () => {
    const { layers, grus } = model();
    await saveModelWeights(at("one.weights.h5"), layers);
    await saveModelWeights(at("two.weights.h5"), layers);
    expect(readFileSync(at("two.weights.h5"))).toEqual(readFileSync(at("one.weights.h5")));
    const [first, second] = [new GRU(4, { return_sequences: true }), new GRU(5, { reset_after: false })];
    await first.loadWeights(at("one.weights.h5"), { layer: "layers/gru" });
    await second.loadWeights(at("one.weights.h5"), { layer: "layers/gru_1" });
    expect([first.getWeights(), second.getWeights()]).toEqual(grus.map((gru) => gru.getWeights()));
    await expectRejection(() => saveModelWeights(at("one.weights.h5"), layers, { overwrite: false }), "ERR_ARGUMENT");
  });

  it("writes the weights of the moment of the call", async () => {
    const { layers, grus } = model();
    const wanted = grus[0].getWeights();
    const saved = saveModelWeights(at("then.weights.h5"), layers);
    grus[0].setWeights(wanted.map(({ data }) => data.map(() => 0)));
    await saved;
    const read = new GRU(4);
    await read.loadWeights(at("then.weights.h5"), { layer: "layers/gru" });
    expect(read.getWeights()).toEqual(wanted);
  });

  const kernel = variable([4, 2], 1);
  it.each([
    ["a path of another kind", "m.safetensors", [], "ERR_ARGUMENT", "ends in .weights.h5"],
    ["no path", undefined, [], "ERR_ARGUMENT", "`path`"],
    ["no list", "m.weights.h5", dense(4, 2), "ERR_ARGUMENT", "an array of layers"],
    ["another layer", "m.weights.h5", [{ class_name: "LSTM", weights: [] }], "ERR_ARGUMENT", "`layers[0]`"],
    ["a layer that is not built", "m.weights.h5", [new GRU(3)], "ERR_NOT_BUILT", "build([null, null, features])"],
    ["a misspelled key", "m.weights.h5", [{ ...dense(4, 2), nam: "x" }], "ERR_ARGUMENT", 'Did you mean "name"?'],
    ["a name that is none", "m.weights.h5", [{ ...dense(4, 2), name: 3 }], "ERR_ARGUMENT", "`layers[0].name`"],
    ["no weights", "m.weights.h5", [{ class_name: "Dense", weights: [] }], "ERR_ARGUMENT", "one or two variables"],
    [
      "weights that are no variables",
      "m.weights.h5",
      [{ class_name: "Dense", weights: [[1]] }],
      "ERR_ARGUMENT",
      "an array of variables",
    ],
    [
      "a kernel of rank 1",
      "m.weights.h5",
      [{ class_name: "Dense", weights: [variable([4], 1)] }],
      "ERR_SHAPE",
      "[inputs, units]",
    ],
    [
      "a bias that does not fit",
      "m.weights.h5",
      [{ class_name: "Dense", weights: [kernel, variable([4], 1)] }],
      "ERR_SHAPE",
      "shape [2]",
    ],
    ["a folder that is not there", "no/m.weights.h5", [dense(4, 2)], "ERR_ARGUMENT", "ENOENT"],
  ] as const)("refuses %s, and writes nothing", async (_, path, layers, code, message) => {
    const before = readdirSync(folder);
    const target = path === undefined ? path : at(path);
    const { message: found } = await expectRejection(() => saveModelWeights(target as never, layers as never), code);
    expect(found).toContain(message);
    expect(readdirSync(folder)).toEqual(before);
  });
});

/** A Python with Keras, as CONTRIBUTING.md sets it up. */
const python = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));

describe.skipIf(!existsSync(python))("real Keras (skipped where .venv has none)", () => {
  it("loads the file into a model of these layers, by place and not by name", async () => {
    const { layers } = model();
    const path = at("keras.weights.h5");
    await saveModelWeights(path, layers);
    const program = `
import json, os
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
model = keras.Sequential([
    keras.Input((None, 3)),
    keras.layers.GRU(4, return_sequences=True, name="encoder"),
    keras.layers.GRU(5, reset_after=False),
    keras.layers.Dense(2, activation="relu", name="other"),
    keras.layers.Dense(3, use_bias=False),
])
model.load_weights(${JSON.stringify(path)})
print(json.dumps([weight.ravel().tolist() for weight in model.get_weights()]))
`;
    const printed = execFileSync(python, ["-c", program], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const wanted = layers.flatMap(({ weights }) => weights.map(({ value }) => [...value.data]));
    expect(JSON.parse(printed)).toEqual(wanted);
  });
});
