// Files that model.save(kerasFile(...)) wrote, opened in real Keras: it predicts what tfjs predicts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { kerasFile } from "cudnn-gru/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { relativeError } from "../golden/reader.js";
import { hasKeras, type KerasResult, openInKeras, type SavedCase } from "./models/in_keras.js";
import { flat, predictAll, tensorOf, tfjsModels } from "./models/models.js";
import { randomInputs, randomModel } from "./models/random_model.js";
import { REFUSED } from "./models/refused.js";
import { quiet } from "./support.js";

quiet();

/** Seeds of random models. Some of them are refused, because their masks would differ. */
const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);
const TOLERANCE = 1e-5;
const MINUTES = 60_000;

describe.skipIf(!hasKeras)("real Keras (skipped where .venv has none)", () => {
  const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-in-keras-"));
  const cases: SavedCase[] = [];
  /** The outputs of tfjs for each case. */
  const wanted: Float32Array[][] = [];
  const names: string[] = [];
  let results: KerasResult[] = [];

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const add = async (name: string, model: tf.LayersModel, calls: SavedCase["calls"], outputs: tf.Tensor[]) => {
    const path = join(folder, `${cases.length}.keras`);
    await model.save(kerasFile(path));
    cases.push({ path, calls });
    wanted.push(outputs.map((output) => output.dataSync() as Float32Array));
    names.push(name);
  };

  beforeAll(async () => {
    for (const { name, bytes, calls } of tfjsModels()) {
      if (name in REFUSED) continue;
      const model = await tf.loadLayersModel(kerasFile(bytes));
      const given = calls.map(({ inputs, resetBefore }) => ({ inputs: flat(inputs), reset: resetBefore }));
      await add(name, model, given, predictAll(model, calls).flat());
      model.dispose();
    }
    for (const seed of SEEDS) {
      const model = randomModel(seed);
      const inputs = randomInputs(model, seed);
      const outputs = [model.predict(inputs.map(tensorOf))].flat();
      await add(`random model ${seed}`, model, [{ inputs, reset: false }], outputs).catch((error) => {
        expect(error).toMatchObject({ code: "ERR_UNSUPPORTED" });
      });
    }
    results = openInKeras(cases);
  }, 15 * MINUTES);

  it("opens them all and predicts the same", () => {
    const wrong = results.flatMap((result, index): object[] => {
      if ("error" in result) return [{ name: names[index], error: result.error }];
      const outputs = result.outputs.flat();
      const errors = outputs.map(({ data }, at) => relativeError(data, (wanted[index] as Float32Array[])[at] ?? []));
      const worst = Math.max(...errors);
      return worst <= TOLERANCE && outputs.length === wanted[index]?.length ? [] : [{ name: names[index], worst }];
    });
    expect(wrong).toEqual([]);
    expect(results).toHaveLength(cases.length);
    expect(names.filter((name) => name.startsWith("random")).length).toBeGreaterThan(SEEDS.length / 2);
  });
});
