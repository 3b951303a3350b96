import { expect } from "vitest";
import type { KerasLayerWeights } from "../../dist/formats/index.js";

/** Expects a reading to fail with this message. */
export async function expectRefused(
  reading: Promise<KerasLayerWeights>,
  message: string | RegExp,
  code = "ERR_FILE_FORMAT",
): Promise<void> {
  const error = await reading.then(
    () => expect.unreachable("it should have been refused"),
    (reason) => reason,
  );
  expect(error.message).toMatch(message);
  expect(error).toMatchObject({ name: "GRUError", code });
}
