// Files of Keras 1: one array for each gate and weight (or three joined ones), and the names of its arguments.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { GRU, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { numbersOf, relativeError } from "../golden/reader.js";
import { expectRejection } from "../layers/support.js";
import { counting, makeGroups, writeHdf5 } from "./hdf5_writer.js";
import { modelFile } from "./keras_files.js";

interface Stored {
  shape: number[];
  values: number[];
}

interface Expected {
  layer: string;
  features: number;
  config: Record<string, unknown>;
  weights: Stored[];
  input: Stored;
  outputs: Stored[];
}

const folder = new URL("../fixtures/keras1/", import.meta.url);
const files = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8")) as Record<string, Expected[]>;
const fixture = (name: string) => fileURLToPath(new URL(name, folder));
const grus = Object.entries(files).flatMap(([file, all]) => all.map((one) => [file, one.layer, one] as const));
const isWhole = (file: string) => !file.includes("weights");

function unloaded({ config, weights }: Expected): GRU {
  const { go_backwards, return_sequences, recurrent_activation, activation } = config as Record<string, never>;
  const units = weights[1]!.shape[0]!;
  return new GRU(units, { reset_after: false, go_backwards, return_sequences, recurrent_activation, activation });
}

function expectLayer(gru: GRU, { weights, input, outputs }: Expected): void {
  gru.getWeights().forEach((weight, index) => {
    expect([weight.shape, [...(numbersOf(weight) as Float32Array)]]).toEqual([
      weights[index]!.shape,
      weights[index]!.values,
    ]);
  });
  const result = gru.call(tensor(Float32Array.from(input.values), input.shape));
  const [output] = Array.isArray(result) ? result : [result];
  expect(output.shape).toEqual(outputs[0]!.shape);
  expect(relativeError(numbersOf(output), outputs[0]!.values)).toBeLessThanOrEqual(1e-5);
}

it.each(grus.filter(([file]) => isWhole(file)))("%s: GRU.fromKeras of %s", async (file, layer, expected) => {
  const gru = await GRU.fromKeras(fixture(file), { layer });
  const { recurrent_activation, ...config } = expected.config;
  expect(gru.getConfig()).toMatchObject(config);
  expectLayer(gru, expected);
  const again = GRU.fromConfig(gru.getConfig());
  expect(again.getConfig()).toEqual(gru.getConfig());
});

it.each(grus)("%s: loadWeights of %s", async (file, layer, expected) => {
  const gru = unloaded(expected);
  await gru.loadWeights(fixture(file), { layer });
  expectLayer(gru, expected);
});

it("the only layer needs no name, and one that applies the reset gate after the product cannot take it", async () => {
  const gru = await GRU.fromKeras(fixture("sequential.h5"));
  expect(gru.name).toBe("gru_1");
  const other = new GRU(3);
  await expectRejection(() => other.loadWeights(fixture("weights.h5")), "ERR_SHAPE", /reset_after/);
  expect(other.built).toBe(false);
});

it("every argument has today's name", async () => {
  const gru = await GRU.fromKeras(fixture("arguments.h5"));
  const keras = (module: string, class_name: string, config: object) =>
    expect.objectContaining({ module: `keras.${module}`, class_name, config: expect.objectContaining(config) });
  expect(gru.getConfig()).toMatchObject({
    kernel_initializer: keras("initializers", "HeNormal", {}),
    recurrent_initializer: keras("initializers", "Identity", {}),
    kernel_regularizer: keras("regularizers", "L1L2", { l1: 0.01, l2: 0.02 }),
    recurrent_regularizer: keras("regularizers", "L1L2", { l1: 0, l2: 0.03 }),
    // An object that nobody knows any more is kept, and the layer computes without it.
    bias_regularizer: { class_name: "EigenvalueRegularizer", config: { k: 0.5 } },
  });
});

describe("arrays", () => {
  interface Change {
    names?: string[];
    shapes?: Record<number, number[]>;
    type?: string;
  }

  const NAMES = ["z", "r", "h"].flatMap((gate) => ["W", "U", "b"].map((name) => `g_${name}_${gate}`));
  const gatesOf = (names: readonly string[], shapes: Record<number, number[]> = {}): Promise<Uint8Array> =>
    writeHdf5((file) => {
      const group = file.create_group("g");
      file.create_attribute("layer_names", ["g"]);
      group.create_attribute("weight_names", [...names]);
      names.forEach((name, at) => {
        const role = /_([WUb])/.exec(name)?.[1] ?? "WUb"[at % 3];
        const shape = shapes[at] ?? { W: [2, 3], U: [3, 3], b: [3] }[role as "W" | "U" | "b"];
        const count = shape.reduce((product, size) => product * size, 1);
        const data = Float32Array.from({ length: count }, () => 10 * NAMES.indexOf(name) + 1);
        group.create_dataset({ name, data, shape });
      });
    });
  const load = async ({ names = NAMES, shapes }: Change) => {
    const gru = new GRU(3, { reset_after: false });
    await gru.loadWeights(modelFile(await gatesOf(names, shapes), ".h5"));
    return gru.getWeights().map((weight) => [...new Set(numbersOf(weight) as Float32Array)]);
  };

  it("belong to the gates that their names say, whatever their order", async () => {
    expect(await load({})).toEqual([
      [1, 31, 61],
      [11, 41, 71],
      [21, 51, 81],
    ]);
    expect(await load({ names: [...NAMES].reverse() })).toEqual(await load({}));
  });

  it("of a layer of somebody's are not taken for them, beside a GRU of Keras 2", async () => {
    const arrays: [string, number[]][] = [
      ["g/kernel:0", [2, 9]],
      ["g/recurrent_kernel:0", [3, 9]],
      ["g/bias:0", [9]],
      ["attention_W:0", [3, 3]],
      ["attention_U:0", [3, 3]],
      ["attention_b:0", [3]],
    ];
    const bytes = await writeHdf5((file) => {
      file.create_attribute("layer_names", ["inner"]);
      const names = arrays.map(([name]) => name);
      makeGroups(file, "inner").create_attribute("weight_names", names);
      for (const [path, shape] of arrays) {
        const parts = `inner/${path}`.split("/");
        const name = parts.pop()!;
        makeGroups(file, parts.join("/")).create_dataset({ name, data: counting(shape), shape });
      }
    });
    const gru = new GRU(3, { reset_after: false });
    await gru.loadWeights(modelFile(bytes, ".h5"));
    expect([...(numbersOf(gru.bias!.value) as Float32Array)]).toEqual([...counting([9])]);
  });

  it.each<[string, Change]>([
    ["another width in one gate", { shapes: { 3: [2, 4] } }],
    ["other features in one gate", { shapes: { 6: [5, 3] } }],
    ["no square", { shapes: { 4: [3, 2] } }],
    ["a bias of rank 2", { shapes: { 8: [1, 3] } }],
    ["a gate missing", { names: NAMES.slice(0, 6) }],
    ["the gates of an LSTM", { names: NAMES.map((name) => name.replace("_h", "_f")) }],
    ["two layers' gates mixed", { names: NAMES.map((name, at) => (at === 4 ? name.replace("g_", "other_") : name)) }],
  ])("%s: no GRU", async (_, change) => {
    await expectRejection(() => load(change), "ERR_ARGUMENT", /none of whose weights have the shapes of a GRU's/);
  });
});
