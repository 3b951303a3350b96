// fileSystem: models of tfjs on disk.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { fileSystem, GRU } from "cudnn-gru/tfjs";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { artifactsOf, kerasGruConfig, type NamedWeight, sequentialLayer, values } from "./layers_model.js";
import { quiet } from "./support.js";

quiet();

const root = mkdtempSync(join(tmpdir(), "cudnn-gru-tfjs-"));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(root, "case-"));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const inputs = tf.tensor(values([2, 5, 3], 7), [2, 5, 3]);
const weights: NamedWeight[] = [
  ["gru/gru_cell/kernel", [3, 12], values([3, 12], 1)],
  ["gru/gru_cell/recurrent_kernel", [4, 12], values([4, 12], 2)],
  ["gru/gru_cell/bias", [2, 12], values([2, 12], 3)],
];
const input = { batch_input_shape: [null, null, 3], dtype: "float32", name: "in" };
const layers = [
  sequentialLayer("InputLayer", input),
  sequentialLayer("GRU", kerasGruConfig({ name: "gru", units: 4 })),
];
const artifacts = artifactsOf({ class_name: "Sequential", config: { name: "model", layers } }, weights);

/** Writes the model as tensorflowjs_converter does, in two shards, with `change` made to its model.json. */
function written(change: object = {}, cut = 0): string {
  const { weightSpecs, weightData, ...rest } = artifacts;
  const data = Buffer.from(weightData as ArrayBuffer);
  const paths = ["group1-shard1of2.bin", "group1-shard2of2.bin"];
  writeFileSync(join(folder, paths[0] as string), data.subarray(0, 100));
  writeFileSync(join(folder, paths[1] as string), data.subarray(100, data.length - cut));
  const json = { ...rest, weightsManifest: [{ paths, weights: weightSpecs }], ...change };
  const path = join(folder, "model.json");
  writeFileSync(path, JSON.stringify(json));
  return path;
}

it.each([
  ["path", (path: string) => path],
  ["file: URL", pathToFileURL],
] as const)("loads a converted model in shards by its %s", async (_, named) => {
  const model = await tf.loadLayersModel(fileSystem(named(written())));
  const expected = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  expect((model.predict(inputs) as tf.Tensor).dataSync()).toEqual((expected.predict(inputs) as tf.Tensor).dataSync());
  expect(model.getLayer("gru")).toBeInstanceOf(GRU);
});

it("saves a model with its optimizer and loads it again, in a folder that is made, over an older one too", async () => {
  const model = tf.sequential({ layers: [new GRU({ units: 4, inputShape: [5, 3] }), tf.layers.dense({ units: 1 })] });
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  await model.fit(inputs, tf.ones([2, 1]), { epochs: 1, verbose: 0 });
  const target = join(folder, "new/model");
  await model.save(fileSystem(target), { includeOptimizer: true });
  const { modelArtifactsInfo } = await model.save(fileSystem(target), { includeOptimizer: true });
  expect(modelArtifactsInfo.modelTopologyType).toBe("JSON");
  expect(readdirSync(target).sort()).toEqual(["model.json", "weights.bin"]);
  const again = await tf.loadLayersModel(fileSystem(join(target, "model.json")));
  expect((again.predict(inputs) as tf.Tensor).dataSync()).toEqual((model.predict(inputs) as tf.Tensor).dataSync());
  expect(JSON.parse(readFileSync(join(target, "model.json"), "utf8")).trainingConfig.loss).toBe("mean_squared_error");
});

describe("what is refused", () => {
  const rejected = (path: string) =>
    tf.loadLayersModel(fileSystem(path)).then(
      () => expect.unreachable("it should have been refused"),
      (error) => error,
    );

  it.each([[""], [7], [undefined], ["a\0b"], [Uint8Array.of(1)], [new URL("https://tfhub.dev/model.json")]])(
    "the path %j",
    (path) => {
      expect(() => fileSystem(path as unknown as string)).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
    },
  );

  it("files that are not there, folders", async () => {
    expect(await rejected(join(folder, "model.json"))).toMatchObject({ code: "ERR_ARGUMENT" });
    expect(await rejected(folder)).toMatchObject({ code: "ERR_ARGUMENT" });
    const path = written();
    rmSync(join(folder, "group1-shard2of2.bin"));
    expect(await rejected(path)).toMatchObject({ code: "ERR_ARGUMENT" });
  });

  it.each<[string, object | null, string]>([
    ["no topology", { modelTopology: undefined }, "with modelTopology and weightsManifest"],
    ["no manifest", { weightsManifest: undefined }, "with modelTopology and weightsManifest"],
    ["a group of nothing", { weightsManifest: [null] }, "expected paths and weights"],
    ["a group without paths", { weightsManifest: [{ weights: [] }] }, "expected paths and weights"],
    [
      "a path that leaves the folder",
      { weightsManifest: [{ paths: ["../a"], weights: [] }] },
      "below the model's folder",
    ],
    ["an absolute path", { weightsManifest: [{ paths: ["/etc/hosts"], weights: [] }] }, "below the model's folder"],
    ["a path that is none", { weightsManifest: [{ paths: [7], weights: [] }] }, "below the model's folder"],
    [
      "a shape of nothing",
      { weightsManifest: [{ paths: [], weights: [{ name: "a", dtype: "float32" }] }] },
      "sizes in the shape of a",
    ],
  ])("%s", async (_, change, message) => {
    const error = await rejected(written(change ?? {}));
    expect(error).toMatchObject({ name: "GRUError", code: "ERR_FILE_FORMAT" });
    expect(error.message).toContain(`Expected a readable tfjs model for \`source\` but received`);
    expect(error.message).toContain(message);
  });

  it("weights that are cut short, and what is no JSON", async () => {
    const error = await rejected(written({}, 4));
    expect(error.message).toContain(
      "expected 432 bytes of weights in group1-shard1of2.bin, group1-shard2of2.bin but found 428",
    );
    writeFileSync(join(folder, "model.json"), "{");
    expect(await rejected(join(folder, "model.json"))).toMatchObject({ code: "ERR_FILE_FORMAT" });
  });

  it("a folder that cannot be made; what was there stays", async () => {
    const model = tf.sequential({ layers: [new GRU({ units: 4, inputShape: [5, 3] })] });
    writeFileSync(join(folder, "file"), "old");
    await expect(model.save(fileSystem(join(folder, "file")))).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    mkdirSync(join(folder, "model/model.json"), { recursive: true });
    await expect(model.save(fileSystem(join(folder, "model")))).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("old");
  });
});
