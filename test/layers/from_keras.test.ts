import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Bidirectional, GRU, GRUStack, type TensorDtype, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { type GoldenDtype, numbersOf, relativeError, TOLERANCE } from "../golden/reader.js";
import { expectError, expectRejection } from "./support.js";

interface Stored {
  dtype: string;
  shape: number[];
  values: number[];
}

interface Expected {
  files: Record<
    string,
    {
      grus: {
        path: string[];
        features: number;
        config: Record<string, unknown>;
        weights: Stored[];
        input: Stored;
        outputs: Stored[];
      }[];
    }
  >;
}

const folder = new URL("../fixtures/keras/", import.meta.url);
const { files } = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8")) as Expected;
const path = (file: string) => fileURLToPath(new URL(file, folder));
const grus = Object.entries(files).flatMap(([file, one]) =>
  one.grus.map((gru) => [file, gru.path.join("/"), gru] as const),
);

describe("GRU.fromKeras", () => {
  it("has models to read", () => {
    expect(grus.length).toBeGreaterThan(15);
  });

  it.each(grus)("%s, %s: gives Keras's numbers", async (file, layer, expected) => {
    const gru = await GRU.fromKeras(path(file), { layer, return_state: expected.config.return_state as boolean });
    expect([gru.built, gru.kernel.shape[0], gru.name]).toEqual([true, expected.features, expected.config.name]);
    const { input } = expected;
    const result = gru.call(tensor(input.values, input.shape, input.dtype as TensorDtype));
    const results = Array.isArray(result) ? result : [result];
    expect(results.map(({ shape }) => shape)).toEqual(expected.outputs.map(({ shape }) => shape));
    results.forEach((found, index) => {
      const tolerance = TOLERANCE[found.dtype as GoldenDtype];
      expect(relativeError(numbersOf(found), expected.outputs[index]?.values ?? [])).toBeLessThanOrEqual(tolerance);
    });
  });

  it.each([
    ["float16.keras", "float16", "float16"],
    ["bfloat16.keras", "bfloat16", "bfloat16"],
    ["mixed_float16.keras", "float32", "float16"],
  ])("%s keeps its dtype policy, and the weights their bits", async (file, variables, results) => {
    const gru = await GRU.fromKeras(path(file));
    expect([gru.dtype, gru.compute_dtype]).toEqual([variables, results]);
    const { config, weights } = grus.find(([name]) => name === file)![2];
    expect(gru.getConfig()).toEqual(config);
    gru.getWeights().forEach((weight, index) => {
      expect(weight.dtype).toBe(variables);
      expect([...(numbersOf(weight) as Float64Array)]).toEqual(weights[index]?.values);
    });
  });

  it("asks for return_state where the file has it, so that no type is wrong", async () => {
    const file = path("arguments.keras");
    const message = /^Expected `return_state` for .*arguments\.keras.*Pass \{ return_state: true \}/;
    await expectRejection(() => GRU.fromKeras(file), "ERR_ARGUMENT", message);
    await expectRejection(() => GRU.fromKeras(file, { return_state: undefined }), "ERR_ARGUMENT", message);
    const { features } = grus.find(([name]) => name === "arguments.keras")![2];
    const inputs = tensor(new Float32Array(2 * 3 * features), [2, 3, features]);
    expect((await GRU.fromKeras(file, { return_state: true, stateful: false })).call(inputs)).toHaveLength(2);
    expect((await GRU.fromKeras(file, { return_state: false, stateful: false })).call(inputs).shape[0]).toBe(2);
  });

  it.each([
    [{ Layer: "second" }, /`GRU\.fromKeras`.*`Layer`\. Did you mean "layer"/],
    [{ layers: ["second"] }, /`GRU\.fromKeras`.*`layers`\. Did you mean "layer"/],
    [{ xyzzy: 1 }, /`GRU\.fromKeras`.*`xyzzy`\. Known: layer, units, .*, custom_objects\.$/],
    [{ name: "second" }, /has 2:.*for `layer` but received none\. Pass \{ layer: "first" \}/],
  ])("refuses %j by the name of the method", async (args, message) => {
    await expectRejection(() => GRU.fromKeras(path("two_grus.keras"), args as never), "ERR_ARGUMENT", message);
  });

  it("and so do fromConfig, and those of the wrappers", async () => {
    const config = new GRU(2).getConfig();
    expectError(() => GRU.fromConfig(config, { Units: 3 } as never), "ERR_ARGUMENT", /`GRU\.fromConfig`.*"units"/);
    const file = path("bidirectional.keras");
    const known = /`Bidirectional\.fromKeras`.*`xyzzy`\. Known: layer, merge_mode, .*, custom_objects\.$/;
    await expectRejection(() => Bidirectional.fromKeras(file, { xyzzy: 1 } as never), "ERR_ARGUMENT", known);
    const near = /`Bidirectional\.fromKeras`.*Did you mean "layer"/;
    await expectRejection(() => Bidirectional.fromKeras(file, { Layer: "both_ways" } as never), "ERR_ARGUMENT", near);
    const list = /`GRUStack\.fromKeras`.*Did you mean "layers"/;
    await expectRejection(() => GRUStack.fromKeras(file, { Layers: ["first"] } as never), "ERR_ARGUMENT", list);
  });

  it("takes undefined for what is not given", async () => {
    const file = path("sequential.keras");
    const plain = await GRU.fromKeras(file);
    const nothing = { name: undefined, activation: undefined, units: undefined, dtype: undefined, layer: undefined };
    expect((await GRU.fromKeras(file, { ...nothing, custom_objects: undefined })).getConfig()).toEqual(
      plain.getConfig(),
    );
    const own = new GRU(3, { activation: "relu", reset_after: false, name: "own", stateful: true }).getConfig();
    expect(GRU.fromConfig(own, { ...nothing, reset_after: undefined, stateful: undefined }).getConfig()).toEqual(own);
  });

  it("takes arguments that override the file's", async () => {
    const gru = await GRU.fromKeras(path("sequential.keras"), { return_state: true, dtype: "float64", name: "mine" });
    expect([gru.name, gru.dtype]).toEqual(["mine", "float64"]);
    expect(gru.call(tensor([[[1, 2]]]))).toHaveLength(2);
  });

  it("rejects, and never throws", async () => {
    await expectRejection(() => GRU.fromKeras(3 as never), "ERR_ARGUMENT", /`source`/);
    await expectRejection(() => GRU.fromKeras(path("sequential.keras"), 3 as never), "ERR_ARGUMENT");
    await expectRejection(
      () => GRU.fromKeras(path("sequential.keras"), { layer: 3 } as never),
      "ERR_ARGUMENT",
      /`layer`/,
    );
    await expectRejection(
      () => GRU.fromKeras(path("sequential.keras"), { unitz: 3 } as never),
      "ERR_ARGUMENT",
      /units/,
    );
    await expectRejection(() => GRU.fromKeras(path("sequential.keras"), { dtype: "int16" }), "ERR_DTYPE");
    await expectRejection(
      () => GRU.fromKeras(path("sequential.keras"), { units: 5 }),
      "ERR_SHAPE",
      /weights of shapes \[2, 15\]/,
    );
    await expectRejection(() => GRU.fromKeras(path("two_grus.keras")), "ERR_ARGUMENT", /first.*second/s);
    await expectRejection(() => GRU.fromKeras(path("no_gru.keras")), "ERR_ARGUMENT", /Dense/);
    await expectRejection(() => GRU.fromKeras(path("expected.json")), "ERR_FILE_FORMAT");
    await expectRejection(() => GRU.fromKeras(path("nowhere.keras")), "ERR_ARGUMENT");
  });
});
