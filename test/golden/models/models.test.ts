import { loadKerasModel, type ModelInputs } from "cudnn-gru/models";
import { afterAll, describe, expect, test } from "vitest";
import { numberOf } from "../sixteen_bit.js";
import { type GoldenModel, goldenModels, type ModelTensor, type Nested, placesIn, TOLERANCES } from "./models.js";

/** The largest error of each group, in parts of the tolerance. */
const worst = new Map<string, number>();

function numbers({ dtype, data }: ModelTensor): number[] {
  if (dtype === "float16" || dtype === "bfloat16") return Array.from(data, (bits) => numberOf(bits, dtype));
  return Array.from(data);
}

/** Returns max |a - b| / max(1, max |ref|). Values that are not finite must be the same. */
function errorOf(found: ModelTensor, wanted: ModelTensor): number {
  const a = numbers(found);
  const b = numbers(wanted);
  let scale = 1;
  let difference = 0;
  for (const [index, value] of b.entries()) {
    if (!Number.isFinite(value)) {
      expect(a[index]).toBe(value);
      continue;
    }
    scale = Math.max(scale, Math.abs(value));
    difference = Math.max(difference, Math.abs((a[index] as number) - value));
  }
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference / scale;
}

async function check({ bytes, calls, dtype, group }: GoldenModel): Promise<void> {
  const model = await loadKerasModel(bytes);
  const tolerance = TOLERANCES[dtype] as number;
  for (const [number, { inputs, outputs, resetBefore }] of calls.entries()) {
    if (resetBefore) model.resetState();
    const found = model.predict(inputs as ModelInputs) as Nested<ModelTensor>;
    const wanted = placesIn(outputs);
    const places = new Map(placesIn(found));
    expect([...places.keys()]).toEqual(wanted.map(([place]) => place));
    for (const [place, tensor] of wanted) {
      const own = places.get(place) as ModelTensor;
      expect({ shape: own.shape, dtype: own.dtype }).toEqual({ shape: tensor.shape, dtype: tensor.dtype });
      const error = errorOf(own, tensor);
      worst.set(group, Math.max(worst.get(group) ?? 0, error));
      expect(error, `output ${place} of call ${number}`).toBeLessThanOrEqual(tolerance);
    }
  }
  model.dispose();
}

const models = goldenModels();

describe.each([...new Set(models.map(({ group }) => group))])("golden models: %s", (group) => {
  test.each(models.filter((model) => model.group === group))("$name", check);
});

afterAll(() => {
  if (process.env.GOLDEN_MODELS_REPORT === undefined) return;
  for (const [group, error] of worst) console.log(`${group}: ${error.toExponential(1)}`);
});
