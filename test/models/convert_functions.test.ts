// Functions of TensorFlow in models of tf.keras 2, converted to operations of Keras 3.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tensor } from "cudnn-gru";
import { loadKerasModel, type ModelInputs } from "cudnn-gru/models";
import { afterAll, describe, expect, it } from "vitest";
import { convertModel } from "../../dist/models/export/convert_model.js";
import type { ModelTensor } from "../golden/models/models.js";
import { expectRejection } from "../layers/support.js";
import { FUNCTION_CALLS, type FunctionCall, withFunctions } from "./functions.js";
import { compareInKeras, hasKeras } from "./in_keras.js";
import { errorOf } from "./numbers.js";

const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-functions-"));
afterAll(() => rmSync(folder, { recursive: true }));

const data = Float32Array.from({ length: 2 * 6 * 4 }, (_, index) => Math.sin(3 * index + 1));
const inputs: ModelTensor = { dtype: "float32", shape: [2, 6, 4], data };

describe("functions of TensorFlow", () => {
  it("convert to operations with the same bits, and Keras computes the same", async () => {
    const source = withFunctions(FUNCTION_CALLS);
    const after = join(folder, "functions.keras");
    await convertModel(source, after, false);
    const [before, converted] = [await loadKerasModel(source), await loadKerasModel(after)];
    const wanted = before.predict(inputs as ModelInputs) as Tensor[];
    const own = converted.predict(inputs as ModelInputs) as Tensor[];
    expect(wanted).toHaveLength(FUNCTION_CALLS.length);
    expect(own).toEqual(wanted);
    if (!hasKeras) return;
    const [result] = compareInKeras([{ before: null, after, calls: [{ inputs, reset: false }] }]);
    if (result === undefined || "error" in result) throw new Error(result?.error);
    for (const [index, { function: name }] of FUNCTION_CALLS.entries()) {
      const [found, here] = [result.outputs[0]?.[index], wanted[index]] as [ModelTensor, ModelTensor];
      expect(found.shape, `${index} ${name}`).toEqual(here.shape);
      expect(errorOf(found, here), `${index} ${name}`).toBeLessThanOrEqual(2e-6);
    }
  }, 120_000);

  it("take TensorFlow's first axis, and its bound of the squares", async () => {
    const model = await loadKerasModel(
      withFunctions([{ function: "math.l2_normalize", first: "x", kwargs: { axis: -1 } }]),
    );
    // The norm 4e-7 is below the bound, the square root of 1e-12.
    const small = { ...inputs, data: data.map((_, index) => (index % 4 === 0 ? 4e-7 : 0)) };
    const { data: found } = model.predict(small as ModelInputs) as Tensor;
    expect(found.slice(0, 4)).toEqual(Float32Array.of(Math.fround(0.4), 0, 0, 0));
    model.dispose();
    const largest = await loadKerasModel(withFunctions([{ function: "math.argmax", first: "x" }]));
    const { shape, data: rows } = largest.predict(inputs as ModelInputs) as Tensor;
    expect(shape).toEqual([6, 4]);
    expect([...rows]).toEqual(
      Array.from({ length: 24 }, (_, at) => Number((data[at + 24] as number) > (data[at] as number))),
    );
    largest.dispose();
    const source = withFunctions([{ function: "math.l2_normalize", first: "x" }]);
    const refused = async () => (await loadKerasModel(source)).predict(inputs as ModelInputs);
    await expectRejection(refused, "ERR_UNSUPPORTED", /an axis for `axis` of layer "tf\.call_0"/);
  });

  const x = ["x", 0, 0];
  it.each<[string, FunctionCall, RegExp]>([
    ["a function without an axis", { function: "math.argmax", first: "x" }, /"tf\.call_0".*without one axis/],
    [
      "an unknown argument",
      { function: "linalg.matmul", first: "x", kwargs: { b: x, transpose_b: true } },
      /transpose_b/,
    ],
    [
      "a tensor as a bound",
      { function: "clip_by_value", first: "x", kwargs: { clip_value_min: x, clip_value_max: 1 } },
      /x_min is a tensor/,
    ],
  ])("refuse %s", async (_, call, message) => {
    const target = join(folder, "refused.keras");
    await expectRejection(() => convertModel(withFunctions([call]), target, false), "ERR_UNSUPPORTED", message);
  });
});
