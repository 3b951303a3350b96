// The migration pages: the code of the other library is true, and ours prints the same numbers.
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Block } from "./blocks.js";
import {
  canRun,
  isOurs,
  numbersIn,
  pages,
  prepareFolder,
  recorded,
  recordedNumbers,
  runBlock,
} from "./migration_pages.js";

const LIMIT = 240_000;

/** Expects as many numbers, each within float32's rounding of sums and the eight digits that NumPy prints. */
function expectSame(found: readonly number[], expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  const worst = Math.max(...found.map((value, i) => Math.abs(value - (expected[i] as number))));
  expect(worst).toBeLessThanOrEqual(1e-5);
}

describe("numbersIn", () => {
  it("finds numbers of Python and of JavaScript, and no shapes", () => {
    expect(numbersIn("[[-0.5  1.25e-05\n 0.]] torch.Size([2, 3])")).toEqual([-0.5, 1.25e-5, 0]);
    expect(numbersIn("Float32Array(3) [ 0.25, 0, -1.5 ] [ 2, 4 ]")).toEqual([0.25, 0, -1.5]);
    expect(numbersIn("[[0, 0.5], [0.5, 0]]")).toEqual([0, 0.5, 0.5, 0]);
  });
});

it("the migration pages are found", () => {
  expect(pages.map(({ name }) => name).sort()).toEqual(["keras", "onnxruntime", "pytorch", "tfjs"]);
});

const foreignBlocks = pages.flatMap(({ blocks }) => blocks.filter((block) => !isOurs(block)));
const runs = new Map(await Promise.all(foreignBlocks.map(async (block) => [block, await canRun(block)] as const)));

describe.each(pages.map((page) => [page.name, page] as const))("docs/migrate-from-%s.md", (_, page) => {
  const foreign = page.blocks.filter((block) => !isOurs(block));
  const ours = page.blocks.filter(isOurs);
  const expected = recordedNumbers(page);
  /** What each foreign block printed: here where it ran, else when it was recorded. */
  const printed = [...expected];
  /** tfjs draws other weights each time. */
  const seeded = page.name !== "tfjs";
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "cudnn-gru-migration-"));
    prepareFolder(folder);
    cpSync(join(recorded, page.name), folder, { recursive: true });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("has a block of ours after each block of the other library that prints numbers", () => {
    expect(expected.length).toBe(foreign.length);
    const printing = foreign.filter((_, index) => (expected[index] as number[]).length > 0);
    expect(printing.length).toBeGreaterThan(0);
    expect(ours.length).toBe(printing.length);
    for (const block of printing) expect(ours).toContain(page.blocks[page.blocks.indexOf(block) + 1]);
  });

  for (const [index, block] of foreign.entries()) {
    const { place } = block;
    // Skipped where the other library is not installed.
    it.skipIf(!runs.get(block))(`${place} prints what was recorded`, { timeout: LIMIT }, async () => {
      printed[index] = numbersIn(await runBlock(block, folder));
      expect(printed[index]).toHaveLength((expected[index] as number[]).length);
      if (seeded) expectSame(printed[index], expected[index] as number[]);
    });
  }

  // In a folder that has the files of the other library: its own where it ran, else the recorded ones.
  it.each(ours.map((block) => [block.place, block] as const))(
    "%s prints the same numbers",
    { timeout: LIMIT },
    async (_, block) => {
      const theirs = page.blocks[page.blocks.indexOf(block) - 1] as Block;
      expectSame(numbersIn(await runBlock(block, folder)), printed[foreign.indexOf(theirs)] as number[]);
    },
  );
});
