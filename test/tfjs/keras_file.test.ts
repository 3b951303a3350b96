// kerasFile: whole models that real Keras saved, in tfjs. Each predicts what Keras predicts, or is refused with its reason.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { GRU, kerasFile } from "cudnn-gru/tfjs";
import { afterAll, describe, expect, it } from "vitest";
import { goldenModels } from "../golden/models/models.js";
import { predictAll, tfjsModels, worstError } from "./models/models.js";
import { REFUSED } from "./models/refused.js";
import { quiet } from "./support.js";

quiet();

const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-keras-file-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TOLERANCE = 1e-5;
const models = tfjsModels();

it("the list of refused models names models that there are", () => {
  const names = new Set(models.map(({ name }) => name));
  expect(Object.keys(REFUSED).filter((name) => !names.has(name))).toEqual([]);
});

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
      const outputs = predictAll(model, one.calls);
      expect(worstError(outputs, one.calls)).toBeLessThanOrEqual(TOLERANCE);

      const path = join(folder, `${name.replaceAll("/", "_")}.keras`);
      await model.save(kerasFile(path));
      const again = await tf.loadLayersModel(kerasFile(pathToFileURL(path)));
      const repeated = predictAll(again, one.calls);
      expect(repeated.flat().map((output) => output.dataSync())).toEqual(
        outputs.flat().map((output) => output.dataSync()),
      );
      model.dispose();
      again.dispose();
    },
  );
});

it("golden models of all layers: none predicts other numbers", async () => {
  let loaded = 0;
  for (const one of goldenModels().filter(({ dtype }) => dtype === "float32")) {
    const model = await tf.loadLayersModel(kerasFile(one.bytes)).catch((error) => {
      expect({ name: one.name, code: error.code, message: error.message }).toMatchObject({ code: "ERR_UNSUPPORTED" });
      return null;
    });
    // tfjs throws for negative indices, which Keras counts from the end.
    if (model === null || one.name === "embedding/negative") continue;
    loaded += 1;
    expect({ name: one.name, error: worstError(predictAll(model, one.calls), one.calls) }).toEqual({
      name: one.name,
      error: expect.closeTo(0, 5),
    });
    model.dispose();
  }
  expect(loaded).toBeGreaterThan(60);
}, 300_000);

describe("other dtypes than float32", () => {
  const mixed = models.find(({ name }) => name === "basic/float16");

  it("load with the option dtype, as models of float32", async () => {
    const { bytes, calls } = mixed as (typeof models)[number];
    const model = await tf.loadLayersModel(kerasFile(bytes, { dtype: "float32" }));
    expect(worstError(predictAll(model, calls), calls)).toBeLessThanOrEqual(4e-3);
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
