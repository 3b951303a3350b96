// A clone uses the prebuilt binary only when it was made from the same sources.
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, expect, it } from "vitest";
import { prebuildFolder, storePrebuild, takePrebuild } from "../../scripts/setup/prebuild.mjs";

const addon =
  process.env.CUDNN_GRU_ADDON || fileURLToPath(new URL("../../build/Release/cudnn_gru.node", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "cudnn-gru-prebuild-"));
let base: string;
let to: string;

beforeEach(() => {
  base = mkdtempSync(join(root, "case-"));
  to = join(base, "build/Release/cudnn_gru.node");
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

it("is copied for the sources that it was made from, whatever the files' times, and for no others", () => {
  expect(takePrebuild("sources", to, base)).toBe(false);
  storePrebuild(addon, "sources", base);
  utimesSync(join(base, prebuildFolder, "cudnn_gru.node"), 1, 1);
  expect(takePrebuild("other sources", to, base)).toBe(false);
  expect(existsSync(to)).toBe(false);
  expect(takePrebuild("sources", to, base)).toBe(true);
  expect(readFileSync(to).equals(readFileSync(addon))).toBe(true);
});

it("is not used if nothing tells what it was made from", () => {
  storePrebuild(addon, "sources", base);
  storePrebuild(addon, null, base);
  expect(takePrebuild("sources", to, base)).toBe(false);
  writeFileSync(join(base, prebuildFolder, "built_from.json"), "{");
  expect(takePrebuild("sources", to, base)).toBe(false);
});

it("is not used if it is another file than the recorded one, or does not load", () => {
  storePrebuild(addon, "sources", base);
  writeFileSync(join(base, prebuildFolder, "cudnn_gru.node"), "another");
  expect(takePrebuild("sources", to, base)).toBe(false);
  const broken = join(base, "broken.node");
  writeFileSync(broken, "no binary");
  storePrebuild(broken, "sources", base);
  expect(takePrebuild("sources", to, base)).toBe(false);
  expect(existsSync(to)).toBe(false);
});
