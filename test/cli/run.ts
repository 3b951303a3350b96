import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { type GoldenModel, goldenModels } from "../golden/models/models.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Runs the command line as a user does, in `cwd`. */
export function run(args: readonly string[], { input, cwd }: { input?: string | Uint8Array; cwd?: string } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: "utf8", input, cwd });
  return { status, stdout, stderr };
}

/** Returns an empty folder that is removed after the tests of the file. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-cli-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Writes a golden model to a file of `folder`, and returns its path. */
export function goldenFile(folder: string, name: string): string {
  const found = goldenModels().find((model) => model.name === name) as GoldenModel;
  const path = join(folder, `${name.replaceAll("/", "_")}.${found.format}`);
  writeFileSync(path, found.bytes);
  return path;
}
