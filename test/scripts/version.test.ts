import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { versionProblems, writeVersion } from "../../scripts/release/version_files.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const base = mkdtempSync(join(tmpdir(), "cudnn-gru-version-"));
const files = ["lib/package_version.ts", "native/addon/package_version.h"];

afterAll(() => rmSync(base, { recursive: true, force: true }));

it("a release writes its version into both sides of the contract, and lint finds a side that was left out", () => {
  for (const file of files) cpSync(join(root, file), join(base, file));
  writeVersion("3.2.1-rc.1", base);
  for (const file of files) expect(readFileSync(join(base, file), "utf8")).toContain('= "3.2.1-rc.1";');
  expect(versionProblems("3.2.1-rc.1", base)).toEqual([]);
  expect(versionProblems("3.2.1", base)).toEqual(files.map((file) => expect.stringContaining(`${file} states`)));
  writeFileSync(join(base, files[0] as string), "export {};\n");
  expect(versionProblems("3.2.1-rc.1", base)).toEqual([
    expect.stringMatching(/package_version\.ts states version none/),
  ]);
  expect(() => writeVersion("3.2.1", base)).toThrow(/does not state a version/);
});
