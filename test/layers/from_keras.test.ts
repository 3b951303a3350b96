import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { GRU, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { relativeError, TOLERANCE } from "../golden/reader.js";
import { expectRejection } from "./support.js";

interface Stored {
  dtype: string;
  shape: number[];
  values: number[];
}

interface Expected {
  files: Record<
    string,
    { grus: { path: string[]; features: number; config: Record<string, unknown>; input: Stored; outputs: Stored[] }[] }
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
    const result = gru.call(tensor(input.values, input.shape, input.dtype === "float64" ? "float64" : "float32"));
    const results = Array.isArray(result) ? result : [result];
    expect(results.map(({ shape }) => shape)).toEqual(expected.outputs.map(({ shape }) => shape));
    results.forEach(({ data, dtype }, index) => {
      const tolerance = TOLERANCE[dtype as keyof typeof TOLERANCE];
      expect(relativeError(data, expected.outputs[index]?.values ?? [])).toBeLessThanOrEqual(tolerance);
    });
  });

  it("computes 16-bit models in float32", async () => {
    for (const file of ["float16.keras", "mixed_float16.keras", "bfloat16.keras"]) {
      expect((await GRU.fromKeras(path(file))).dtype).toBe("float32");
    }
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
    await expectRejection(() => GRU.fromKeras(path("sequential.keras"), { dtype: "float16" }), "ERR_UNSUPPORTED");
    await expectRejection(() => GRU.fromKeras(path("sequential.keras"), { units: 5 }), "ERR_SHAPE", /weights\[0\]/);
    await expectRejection(() => GRU.fromKeras(path("two_grus.keras")), "ERR_ARGUMENT", /first.*second/s);
    await expectRejection(() => GRU.fromKeras(path("no_gru.keras")), "ERR_ARGUMENT", /Dense/);
    await expectRejection(() => GRU.fromKeras(path("expected.json")), "ERR_FILE_FORMAT");
    await expectRejection(() => GRU.fromKeras(path("nowhere.keras")), "ERR_ARGUMENT");
  });
});
