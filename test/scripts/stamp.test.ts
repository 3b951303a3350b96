import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, expect, it } from "vitest";
import { forget, stateOf } from "../../scripts/setup/stamp.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
mkdirSync(join(root, "node_modules/.cache"), { recursive: true });
const folder = mkdtempSync(join(root, "node_modules/.cache/stamp-"));
const NAME = `test-of-stamps-${process.pid}`;
const input = join(folder, "input");
const output = relative(root, join(folder, "output"));
const state = (...facts: string[]) => stateOf(NAME, { output, inputs: [relative(root, input)], facts });

beforeEach(() => {
  forget(NAME);
  writeFileSync(input, "1");
  writeFileSync(join(root, output), "");
});

afterAll(() => {
  forget(NAME);
  rmSync(folder, { recursive: true });
});

it("a build is up to date once it is recorded, until an input or a fact changes", () => {
  expect(state().reason).toMatch(/not known/);
  state().record();
  expect(state().reason).toBeNull();
  expect(state("other").reason).toMatch(/changed/);
  writeFileSync(input, "2");
  expect(state().reason).toMatch(/changed/);
});

it("a build runs again if its output is gone", () => {
  state().record();
  rmSync(join(root, output));
  expect(state().reason).toMatch(/output is missing/);
});

it("a build runs again if an input changed while it ran", () => {
  const before = state();
  writeFileSync(input, "2");
  before.record();
  expect(state().reason).toMatch(/changed/);
});
