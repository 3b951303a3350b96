import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { GRU, type TensorDtype, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { type GoldenDtype, numbersOf, relativeError, TOLERANCE } from "../golden/reader.js";
import { expectRejection } from "./support.js";

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
    const gru = await GRU.fromKeras(path(file), { layer });
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

  it("takes arguments that override the file's", async () => {
    const gru = await GRU.fromKeras(path("sequential.keras"), { return_state: true, dtype: "float64", name: "mine" });
    expect([gru.name, gru.dtype]).toEqual(["mine", "float64"]);
    expect(gru.call(tensor([[[1, 2]]]))).toHaveLength(2);
  });

  it("rejects, and never throws", async () => {
    await expectRejection(() => GRU.fromKeras(3 as never), "ERR_ARGUMENT", /`path`/);
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
      /weights of shapes/,
    );
    await expectRejection(() => GRU.fromKeras(path("two_grus.keras")), "ERR_ARGUMENT", /first.*second/s);
    await expectRejection(() => GRU.fromKeras(path("no_gru.keras")), "ERR_ARGUMENT", /Dense/);
    await expectRejection(() => GRU.fromKeras(path("expected.json")), "ERR_FILE_FORMAT");
    await expectRejection(() => GRU.fromKeras(path("nowhere.keras")), "ERR_ARGUMENT");
  });
});
