// Models of Keras that tfjs trains and saves: Keras predicts with the new weights.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { kerasFile } from "cudnn-gru/tfjs";
import { afterAll, describe, expect, it } from "vitest";
import { relativeError } from "../golden/reader.js";
import { hasKeras, openInKeras } from "./models/in_keras.js";
import { flat, tensorOf, tfjsModels } from "./models/models.js";
import { quiet } from "./support.js";

quiet();

const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-train-keras-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const models = new Map(tfjsModels().map((one) => [one.name, one]));

/** Trains a model for two epochs, and returns its outputs before and after. */
async function trained(name: string, path: string) {
  const { bytes, calls } = models.get(name) as NonNullable<ReturnType<typeof models.get>>;
  const model = await tf.loadLayersModel(kerasFile(bytes));
  const inputs = flat(calls[0]?.inputs as never);
  const tensors = inputs.map(tensorOf);
  const predict = () => [model.predict(tensors)].flat().map((output) => output.dataSync() as Float32Array);
  const before = predict();
  model.compile({ optimizer: tf.train.adam(0.01), loss: "meanSquaredError" });
  const targets = [model.predict(tensors)].flat().map((output) => tf.zerosLike(output));
  await model.fit(tensors, targets, { epochs: 2, verbose: 0 });
  await model.save(kerasFile(path));
  return { before, after: predict(), inputs, weights: model.weights.map(({ originalName }) => originalName) };
}

describe.skipIf(!hasKeras)("real Keras (skipped where .venv has none)", () => {
  it("predicts with what fit has learned, moving averages among it", async () => {
    const names = [
      "models/forecaster",
      "models/denoiser",
      "models/nested",
      "masks/tagger",
      "models/crnn",
      "models/frozen",
    ];
    const runs: Awaited<ReturnType<typeof trained>>[] = [];
    for (const [index, name] of names.entries()) runs.push(await trained(name, join(folder, `${index}.keras`)));
    const results = openInKeras(
      runs.map(({ inputs }, index) => ({ path: join(folder, `${index}.keras`), calls: [{ inputs, reset: false }] })),
    );
    results.forEach((result, index) => {
      const { before, after } = runs[index] as (typeof runs)[number];
      if ("error" in result) throw new Error(`${names[index]}: ${result.error}`);
      const [outputs = []] = result.outputs;
      outputs.forEach(({ data }, at) => {
        expect({ name: names[index], error: relativeError(data, after[at] as Float32Array) }).toEqual({
          name: names[index],
          error: expect.closeTo(0, 5),
        });
        expect(relativeError(after[at] as Float32Array, before[at] as Float32Array)).toBeGreaterThan(1e-4);
      });
    });
  }, 600_000);

  it("opens what the example has fine-tuned", () => {
    const at = (file: string) => fileURLToPath(new URL(`../../examples/fine-tune/${file}`, import.meta.url));
    const python = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
    const run = (program: string, args: string[]) =>
      execFileSync(program, args, { stdio: ["ignore", "pipe", "ignore"], maxBuffer: 2 ** 24 })
        .toString()
        .trim()
        .split("\n");
    const printed = run(process.execPath, [at("fine_tune.mjs"), "--predictions"]);
    const [before, after] = ["Seattle's model", "fine-tuned"].map((label) => {
      const line = printed.find((text) => text.includes(label) && text.includes("°C")) as string;
      return Number(/([\d.]+) °C/.exec(line)?.[1]);
    }) as [number, number];
    expect(after).toBeLessThan(before);
    const forecasts = JSON.parse(printed.at(-1) as string) as number[];
    const inKeras = JSON.parse(run(python, [at("open_in_keras.py")]).at(-1) as string) as number[];
    expect(forecasts).toHaveLength(365);
    expect(relativeError(forecasts, inKeras)).toBeLessThanOrEqual(1e-5);
  }, 600_000);
});

it("the optimizer's state is not saved, and asking for it is refused", async () => {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  await model.fit(tf.ones([2, 3]), tf.ones([2, 2]), { epochs: 1, verbose: 0 });
  const path = join(folder, "optimizer.keras");
  await expect(model.save(kerasFile(path), { includeOptimizer: true })).rejects.toMatchObject({
    code: "ERR_UNSUPPORTED",
    message: expect.stringContaining("includeOptimizer"),
  });
  await model.save(kerasFile(path));
  const loaded = await tf.loadLayersModel(kerasFile(path));
  expect(loaded.optimizer).toBeUndefined();
});

it("tfjs itself throws when it trains a BatchNormalization without scale", async () => {
  const { bytes } = models.get("normalization/batch_no_scale") as NonNullable<ReturnType<typeof models.get>>;
  const model = await tf.loadLayersModel(kerasFile(bytes));
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  await expect(model.fit(tf.ones([2, 6, 4]), tf.ones([2, 6, 4]), { verbose: 0 })).rejects.toThrow(TypeError);
});
