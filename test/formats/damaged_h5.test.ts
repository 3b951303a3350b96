// Legacy .h5 and .weights.h5 files that were cut off or changed: the right shapes, or a GRUError.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { GRUError } from "../../dist/errors/gru_error.js";
import { withHdf5 } from "../../dist/formats/hdf5/open_hdf5.js";
import { readGruWeights } from "../../dist/formats/index.js";
import { h5Fixture } from "./h5_files.js";
import { modelFile } from "./keras_files.js";
import { seededIntegers } from "./random.js";
import { expectRefused } from "./refused.js";

describe("damage", () => {
  it.each(["keras2_sequential.h5", "keras_sequential.weights.h5"])("%s cut off anywhere is refused", async (name) => {
    const whole = readFileSync(h5Fixture(name));
    for (const share of [0.1, 0.5, 0.95]) {
      const path = modelFile(whole.subarray(0, Math.floor(whole.length * share)), ".h5");
      await expectRefused(readGruWeights(path), /damaged/);
    }
  });

  // HDF5 has no checksums here: changed numbers cannot be told from true ones, but shapes are what they were said to be.
  // Each reading is on a thread of its own, so that the four files can be read at once.
  it.concurrent.each([
    ["keras2_nested.h5", 1],
    ["tf_keras_bidirectional_weights.h5", 2],
    ["keras_nested.weights.h5", 3],
    ["keras_compressed.h5", 4],
  ])("random changes to %s give a GRU or a GRUError", async (name, seed) => {
    const random = seededIntegers(977 * seed);
    const whole = readFileSync(h5Fixture(name));
    const outcomes = new Set<string>();
    for (let round = 0; round < 24; round += 1) {
      const bytes = new Uint8Array(whole);
      for (let change = 1 + random(24); change > 0; change -= 1) bytes[random(bytes.length)] = random(256);
      outcomes.add(await survive(bytes));
    }
    expect(outcomes.size).toBeGreaterThan(1);
  });
});

/** Reads the outline and every GRU it shows, all on one thread. */
async function survive(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  try {
    return await withHdf5(
      bytes,
      async (file) => {
        const outline = await file.outline();
        const cells = outline.kind === "weights" ? outline.cells : outline.layers.flatMap((layer) => layer.cells);
        for (const { variables } of cells) {
          const datasets = variables.map((variable) => ({ ...variable, label: "weight" }));
          const read = await file.variables({ datasets });
          expect(read.map(({ shape }) => shape)).toEqual(variables.map(({ shape }) => shape));
        }
        return "read";
      },
      { deadline: 5000 },
    );
  } catch (error) {
    if (!(error instanceof GRUError)) throw error;
    expect(error.code).toBe("ERR_FILE_FORMAT");
    return "refused";
  }
}
