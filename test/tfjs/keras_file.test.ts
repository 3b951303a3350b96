// kerasFile: whole models that real Keras saved, in tfjs. Each predicts what Keras predicts, or is refused with its reason.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { GRU, kerasFile } from "cudnn-gru/tfjs";
import { afterAll, describe, expect, it } from "vitest";
import { goldenModels } from "../golden/models/models.js";
import { relativeError } from "../golden/reader.js";
import { hasKeras, openInKeras, type SavedCase } from "./models/in_keras.js";
import { flat, predictAll, tensorOf, tfjsModels, worstError } from "./models/models.js";
import { REFUSED } from "./models/refused.js";
import { quiet } from "./support.js";

quiet();

const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-keras-file-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TOLERANCE = 1e-5;
const MINUTE = 60_000;
const models = tfjsModels();

it("the list of refused models names models that there are", () => {
  const names = new Set(models.map(({ name }) => name));
  expect(Object.keys(REFUSED).filter((name) => !names.has(name))).toEqual([]);
});

/** The files that were saved, for Keras to open, and what tfjs predicts with their models. */
const saved: (SavedCase & { name: string; outputs: Float32Array[] })[] = [];

describe.each([...new Set(models.map(({ group }) => group))])("%s", (group) => {
  it.each(models.filter((one) => one.group === group).map((one) => [one.name, one] as const))(
    "%s",
    async (name, one) => {
      const reason = REFUSED[name];
      if (reason !== undefined) {
        const error = await tf.loadLayersModel(kerasFile(one.bytes)).then(
          () => expect.unreachable("it should have been refused"),
          (caught) => caught,
        );
        expect(error).toMatchObject({ name: "GRUError", code: "ERR_UNSUPPORTED" });
        expect(error.message).toContain(reason);
        return;
      }
      const model = await tf.loadLayersModel(kerasFile(one.bytes));
      const outputs = predictAll(model, one.calls).flat();
      const path = join(folder, `${name.replaceAll("/", "_")}.keras`);
      await model.save(kerasFile(path));
      const calls = one.calls.map(({ inputs, resetBefore }) => ({ inputs: flat(inputs), reset: resetBefore }));
      saved.push({ name, path, calls, outputs: outputs.map((output) => output.dataSync() as Float32Array) });
      expect(worstError(outputs, one.calls)).toBeLessThanOrEqual(TOLERANCE);
      model.dispose();
    },
    5 * MINUTE,
  );
});

describe.skipIf(!hasKeras)("what was saved, in real Keras (skipped where .venv has none)", () => {
  it(
    "opens and predicts the same",
    () => {
      const results = openInKeras(saved);
      expect(results).toHaveLength(saved.length);
      const wrong = results.flatMap((result, index): object[] => {
        const { name, outputs } = saved[index] as (typeof saved)[number];
        if ("error" in result) return [{ name, error: result.error }];
        const found = result.outputs.flat();
        const worst = Math.max(...found.map(({ data }, at) => relativeError(data, outputs[at] ?? [])));
        return worst <= TOLERANCE && found.length === outputs.length ? [] : [{ name, worst }];
      });
      expect(wrong).toEqual([]);
    },
    15 * MINUTE,
  );
});

it.each([
  "masks/tagger",
  "masks/skip_concatenate",
  "models/denoiser",
  "models/nested_twice",
  "models/crnn",
  "h5/forecaster",
])(
  "%s is loaded again from what was saved, with the same bits",
  async (name) => {
    const { path, calls, outputs } = saved.find((one) => one.name === name) as (typeof saved)[number];
    const again = await tf.loadLayersModel(kerasFile(pathToFileURL(path)));
    const repeated = calls.flatMap(({ inputs }) => [again.predict(inputs.map(tensorOf))].flat());
    expect(repeated.map((output) => output.dataSync())).toEqual(outputs);
  },
  5 * MINUTE,
);

it(
  "golden models of all layers: none predicts other numbers",
  async () => {
    let loaded = 0;
    const different: string[] = [];
    const thrown: string[] = [];
    for (const one of goldenModels().filter(({ dtype }) => dtype === "float32")) {
      const model = await tf.loadLayersModel(kerasFile(one.bytes)).catch((error) => {
        expect({ name: one.name, code: error.code, message: error.message }).toMatchObject({
          code: expect.stringMatching(/^ERR_(UNSUPPORTED|FILE_FORMAT)$/),
        });
        return null;
      });
      // tfjs throws for negative indices, which Keras counts from the end.
      if (model === null || one.name === "embedding/negative") continue;
      try {
        const error = worstError(predictAll(model, one.calls).flat(), one.calls);
        if (!(error <= 1e-5)) different.push(`${one.name}: ${error}`);
        loaded += 1;
      } catch (error) {
        // Errors of tfjs itself. An Error of this package would have come while the model was loaded.
        expect((error as { code?: unknown }).code).toBeUndefined();
        thrown.push(one.name);
      }
      model.dispose();
    }
    expect(different).toEqual([]);
    // tfjs joins no output that is named twice, and does not adjust the ranks of inputs.
    expect(thrown.sort()).toEqual([
      "graphs/extra_last_axis",
      "graphs/missing_last_axis",
      "graphs/same_output_twice",
      "graphs/same_output_twice_h5",
    ]);
    expect(loaded).toBeGreaterThan(60);
  },
  5 * MINUTE,
);

describe("other dtypes than float32", () => {
  const mixed = models.find(({ name }) => name === "basic/float16");

  it("load with the option dtype, as models of float32", async () => {
    const { bytes, calls } = mixed as (typeof models)[number];
    const model = await tf.loadLayersModel(kerasFile(bytes, { dtype: "float32" }));
    expect(worstError(predictAll(model, calls).flat(), calls)).toBeLessThanOrEqual(4e-3);
  });

  it.each([{ dtype: "float16" }, { dtypes: "float32" }, 7])("%j is refused", (options) => {
    expect(() => kerasFile("model.keras", options as never)).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
  });
});

it("GRUs are this package's layer", async () => {
  const { bytes } = models.find(({ name }) => name === "models/denoiser") as (typeof models)[number];
  const model = await tf.loadLayersModel(kerasFile(bytes));
  expect(model.layers.filter((layer) => layer instanceof GRU)).toHaveLength(3);
  expect(model.outputNames).toEqual(["gains", "vad"]);
});

it("frozen layers stay frozen, and are not trained", async () => {
  const { bytes } = models.find(({ name }) => name === "models/frozen_inner") as (typeof models)[number];
  const model = await tf.loadLayersModel(kerasFile(bytes));
  expect(model.trainableWeights.map(({ originalName }) => originalName.split("/")[0])).toEqual(["gru", "gru", "gru"]);
  expect(model.weights).toHaveLength(8);
});
