// Models converted to other formats: Keras opens them and predicts the same, and so does this package.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKerasModel } from "cudnn-gru/models";
import { strFromU8, unzipSync } from "fflate";
import { afterAll, describe, expect, it } from "vitest";
import { readSafetensors } from "../../dist/formats/safetensors/safetensors_file.js";
import { convertModel } from "../../dist/models/export/convert_model.js";
import { type GoldenModel, goldenModels, type ModelTensor, placesIn, TOLERANCES } from "../golden/models/models.js";
import { expectRejection } from "../layers/support.js";
import { hasKeras, openInKeras } from "../tfjs/models/in_keras.js";
import { golden } from "./edited.js";
import { loadWeightsInKeras } from "./in_keras.js";
import { errorOf } from "./numbers.js";
import { expectSameBits } from "./same_bits.js";

const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-convert-"));
afterAll(() => rmSync(folder, { recursive: true }));

let written = 0;
function target(format: string): string {
  written += 1;
  return join(folder, `model_${written}${format}`);
}

const models = goldenModels();
const fromH5 = models.filter(
  ({ format, name, group }) => format === "h5" && group !== "tf_keras" && !/attention|captions/.test(name),
);

describe("to .keras", () => {
  it("from every .h5 file of Keras 3, with the same bits", async () => {
    expect(fromH5.length).toBeGreaterThan(30);
    for (const model of fromH5) {
      const path = target(".keras");
      await convertModel(model.bytes, path, false);
      await expectSameBits(model, path);
    }
  });

  it.skipIf(!hasKeras)(
    "that Keras opens, with equal predictions",
    async () => {
      const isPlain = ({ calls, dtype }: GoldenModel) => {
        const { inputs, outputs } = calls[0] as GoldenModel["calls"][0];
        const isList = Array.isArray(inputs) && placesIn(inputs).every(([place]) => /^\[\d+\]$/.test(place));
        const isSingle = placesIn(inputs)[0]?.[0] === "";
        const areFloats = placesIn(outputs).every(([, one]) => one.dtype === "float32" && one.data.length > 0);
        return (isList || isSingle) && areFloats && dtype === "float32";
      };
      const picked = [
        // Each takes Keras a second.
        ...fromH5.filter(({ group }, index) => group !== "survey" || index % 6 === 0),
        ...[
          "masks/bidirectional_concat",
          "normalization/adapted",
          "operations_graph/attention",
          "causal/denoiser",
        ].flatMap((start) => models.find(({ name }) => name.startsWith(start)) ?? []),
      ].filter(isPlain);
      expect(picked.length).toBeGreaterThan(30);
      const cases = [];
      for (const { bytes, calls } of picked) {
        const path = target(".keras");
        await convertModel(bytes, path, false);
        cases.push({
          path,
          calls: calls.map(({ inputs, resetBefore }) => ({
            inputs: placesIn(inputs).map(([, one]) => one),
            reset: resetBefore,
          })),
        });
      }
      for (const [index, result] of openInKeras(cases).entries()) {
        const { name, calls } = picked[index] as GoldenModel;
        if ("error" in result) throw new Error(`${name}: ${result.error}`);
        for (const [number, { outputs }] of calls.entries()) {
          for (const [at, [place, tensor]] of placesIn(outputs).entries()) {
            const own = result.outputs[number]?.[at] as ModelTensor;
            expect(errorOf({ ...own, dtype: "float32" }, tensor), `${name}${place}`).toBeLessThanOrEqual(
              2 * (TOLERANCES.float32 as number),
            );
          }
        }
      }
    },
    400_000,
  );

  it("leaves out what compile was called with", async () => {
    const path = target(".keras");
    await convertModel("examples/weather/model.keras", path, false);
    const entries = unzipSync(readFileSync(path));
    expect(Object.keys(entries).sort()).toEqual(["config.json", "metadata.json", "model.weights.h5"]);
    expect(JSON.parse(strFromU8(entries["config.json"] as Uint8Array))).not.toHaveProperty("compile_config");
  });

  it.each([
    ["operations_graph/attention_h5", /cannot read its calls from an \.h5 file/],
    ["survey/captions_h5", /operation "not_equal".*cannot read its calls/],
    ["attention/h5", /"attention" \(Attention\).*cannot read/],
  ])("refuses %s, and names why", async (name, message) => {
    await expectRejection(() => convertModel(golden(name).bytes, target(".keras"), false), "ERR_UNSUPPORTED", message);
  });
});

describe("to weights", () => {
  it.skipIf(!hasKeras)(
    "that Keras loads into a model it builds, bit for bit",
    async () => {
      const picked = models.filter(
        ({ format, group }, index) => format === "keras" && group === "survey" && index % 3 === 0,
      );
      expect(picked.length).toBeGreaterThan(10);
      const pairs: [string, string][] = [];
      for (const { bytes } of picked) {
        const [model, weights] = [target(".keras"), target(".weights.h5")];
        writeFileSync(model, bytes);
        await convertModel(bytes, weights, false);
        pairs.push([model, weights]);
      }
      const differences = loadWeightsInKeras(pairs);
      for (const [index, difference] of differences.entries()) expect(difference, picked[index]?.name).toBeNull();
      expect(differences).toHaveLength(picked.length);
    },
    400_000,
  );

  it(".weights.h5 is what a .keras file has inside", async () => {
    const { bytes } = golden("graphs/nested_functional_h5");
    const [model, weights] = [target(".keras"), target(".weights.h5")];
    await convertModel(bytes, model, false);
    await convertModel(bytes, weights, false);
    const inside = unzipSync(readFileSync(model))["model.weights.h5"] as Uint8Array;
    expect(readFileSync(weights).equals(inside)).toBe(true);
  });

  it(".safetensors has every weight by its layer and name", async () => {
    const path = target(".safetensors");
    const { bytes } = golden("bidirectional/concat");
    const converted = await convertModel(bytes, path, false);
    const { tensors } = await readSafetensors(path);
    expect([...tensors.keys()].sort()).toEqual(
      ["backward_gru", "forward_gru"].flatMap((half) =>
        ["bias", "kernel", "recurrent_kernel"].map((weight) => `bidirectional/${half}/${weight}`),
      ),
    );
    expect(converted).toMatchObject({
      format: ".safetensors",
      layers: 2,
      weights: 6,
      bytes: readFileSync(path).length,
    });
    const model = await loadKerasModel(bytes);
    const elements = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
    expect(elements).toBe(model.layers.reduce((sum, { params }) => sum + params, 0));
    model.dispose();
  });
});

it("replaces no file unless told to, and writes nothing for a file that cannot be converted", async () => {
  const { bytes } = golden("gru/plain");
  const path = target(".keras");
  await convertModel(bytes, path, false);
  await expectRejection(() => convertModel(bytes, path, false), "ERR_ARGUMENT", /EEXIST/);
  await convertModel(bytes, path, true);
  const other = target(".txt");
  await expectRejection(() => convertModel(bytes, other, false), "ERR_ARGUMENT", /\.weights\.h5/);
  const damaged = target(".keras");
  await expectRejection(() => convertModel(bytes.slice(0, 300), damaged, false), "ERR_FILE_FORMAT");
  expect(() => readFileSync(damaged)).toThrow("ENOENT");
});
