import { loadKerasModel, type ModelInputs } from "cudnn-gru/models";
import { expect } from "vitest";
import type { GoldenModel } from "../golden/models/models.js";

/** Expects a converted file to predict what the golden model does, bit for bit. */
export async function expectSameBits(
  { name, bytes, calls }: GoldenModel,
  converted: string | Uint8Array,
): Promise<void> {
  const [before, after] = [await loadKerasModel(bytes), await loadKerasModel(converted)];
  const [{ inputs }] = calls as [GoldenModel["calls"][0]];
  expect(after.predict(inputs as ModelInputs), name).toEqual(before.predict(inputs as ModelInputs));
  before.dispose();
  after.dispose();
}
