import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const clone = mkdtempSync(join(tmpdir(), "cudnn-gru-clone-"));

afterAll(() => rmSync(clone, { recursive: true, force: true }));

it("scripts/run.mjs starts where no package is installed", () => {
  cpSync(join(root, "scripts"), join(clone, "scripts"), { recursive: true });
  cpSync(join(root, "package.json"), join(clone, "package.json"));
  // Without a command it lists those there are, and exits with 2.
  const run = () =>
    execFileSync(process.execPath, ["scripts/run.mjs"], { cwd: clone, stdio: "pipe", encoding: "utf8" });
  expect(run).toThrow(/Expected one of these commands[\s\S]*release/);
});
