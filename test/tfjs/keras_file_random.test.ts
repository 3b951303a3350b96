// Random models of tfjs that model.save(kerasFile(...)) wrote, opened in real Keras: branches of layers of one class, whose
// weights Keras must find by their order, shared layers, models in models, and masks.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as tf from "@tensorflow/tfjs";
import { kerasFile } from "cudnn-gru/tfjs";
import { afterAll, describe, expect, it } from "vitest";
import { relativeError } from "../golden/reader.js";
import { hasKeras, openInKeras, type SavedCase } from "./models/in_keras.js";
import { tensorOf } from "./models/models.js";
import { randomInputs, randomModel } from "./models/random_model.js";
import { quiet } from "./support.js";

quiet();

/** The numbers of the models. Some of them are refused, because their masks would differ. */
const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);

describe.skipIf(!hasKeras)("real Keras (skipped where .venv has none)", () => {
  const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-random-keras-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("predicts what tfjs predicts", async () => {
    const saved: (SavedCase & { seed: number; outputs: Float32Array[] })[] = [];
    for (const seed of SEEDS) {
      const model = randomModel(seed);
      const inputs = randomInputs(model, seed);
      const path = join(folder, `${seed}.keras`);
      const refused = await model.save(kerasFile(path)).then(
        () => null,
        (error) => error,
      );
      if (refused !== null) {
        expect({ seed, code: refused.code, message: refused.message }).toMatchObject({
          code: "ERR_UNSUPPORTED",
          message: expect.stringContaining("its numbers would differ"),
        });
        continue;
      }
      const outputs = [model.predict(inputs.map(tensorOf))].flat() as tf.Tensor[];
      saved.push({
        ...{ seed, path, calls: [{ inputs, reset: false }] },
        outputs: outputs.map((output) => output.dataSync() as Float32Array),
      });
    }
    expect(saved.length).toBeGreaterThan(SEEDS.length / 2);
    const wrong = openInKeras(saved).flatMap((result, index): object[] => {
      const { seed, outputs } = saved[index] as (typeof saved)[number];
      if ("error" in result) return [{ seed, error: result.error }];
      const worst = Math.max(...result.outputs.flat().map(({ data }, at) => relativeError(data, outputs[at] ?? [])));
      return worst <= 1e-5 ? [] : [{ seed, worst }];
    });
    expect(wrong).toEqual([]);
  }, 600_000);
});
