// What file tracers and bundlers make of the packed package (docs/bundlers.md).
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { binaryOf, targets } from "../../scripts/release/targets.mjs";
import { ensurePackages } from "../../scripts/setup/packages.mjs";
import { newApplication, prebuild, root } from "./application.js";
import { APPLICATION, bundlers, type Format, traced } from "./bundle.js";

const { app, folder, bareEnvironment, npm } = newApplication();
const installed = join(app, "node_modules/cudnn-gru");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const model = join(root, "examples/weather/model.keras");

beforeAll(() => {
  ensurePackages("test/package/bundlers");
  npm(["install", "--ignore-scripts", "--omit=dev", inject("tarball")], bareEnvironment(), app);
  // Only a release has all. webpack reads every one of them, and fails when one is missing.
  for (const target of targets) {
    const file = join(installed, binaryOf(target));
    mkdirSync(dirname(file), { recursive: true });
    if (!existsSync(file)) writeFileSync(file, `stands for the binary of ${target.name}`);
  }
  writeFileSync(join(app, "app.mjs"), APPLICATION);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  computed: unknown;
  units: unknown;
}

function run(program: string): Result {
  const options = { cwd: folder, env: bareEnvironment(), encoding: "utf8", stdio: "pipe" } as const;
  return JSON.parse(execFileSync(process.execPath, [program, model], options));
}

/** Copies files to a folder without any packages beside or above it, and returns the folder. */
function moved(from: string): string {
  const to = mkdtempSync(join(folder, "moved-"));
  cpSync(from, to, { recursive: true });
  return to;
}

/** What the application prints without a bundler. */
let plain: Result;

test("the application computes without a bundler", () => {
  plain = run(join(app, "app.mjs"));
  expect(plain.computed).toEqual({ output: expect.arrayContaining([expect.closeTo(0.0927, 3)]), same: true });
  expect(plain.units).toBe(32);
});

test("@vercel/nft finds every binary and all that reads model files, and its files suffice", () => {
  const files = traced(app);
  for (const target of targets) expect(files).toContain(`node_modules/cudnn-gru/${binaryOf(target)}`);
  const to = mkdtempSync(join(folder, "traced-"));
  for (const file of files) cpSync(join(app, file), join(to, file), { recursive: true });
  expect(run(join(to, "app.mjs"))).toEqual(plain);
});

describe.each(Object.keys(bundlers) as (keyof typeof bundlers)[])("%s", (name) => {
  describe.each(["esm", "cjs"] as Format[])("to %s", (format) => {
    const out = join(app, `${name}-${format}`);
    const main = format === "esm" ? "main.mjs" : "main.cjs";

    beforeAll(() => bundlers[name](app, out, format));

    test("the bundle works beside node_modules", () => {
      expect(run(join(out, main))).toEqual(plain);
    });

    test("the bundle alone works, or says which files to copy", () => {
      const to = moved(out);
      const result = run(join(to, main));
      if (name === "webpack") {
        expect(result).toEqual(plain);
        return;
      }
      expect(result.computed).toMatchObject({
        name: "GRUError",
        code: "ERR_NATIVE_LOAD",
        message: expect.stringContaining(`copy the folder node_modules/cudnn-gru/prebuilds beside it, to ${to}/`),
      });
    });

    // webpack copies them by itself.
    if (name === "webpack") return;
    test("the bundle works with the files copied beside it", () => {
      const to = moved(out);
      cpSync(join(installed, prebuild), join(to, prebuild));
      const { computed, units } = run(join(to, main));
      expect(computed).toEqual(plain.computed);
      if (name === "esbuild") {
        expect(units).toBe(32);
        return;
      }
      expect(units).toMatchObject({
        code: "ERR_UNSUPPORTED",
        message: expect.stringMatching(/hdf5_worker\.js beside the bundle, in .*Copy it there/),
      });
      cpSync(join(installed, "dist/hdf5_worker.js"), join(to, "hdf5_worker.js"));
      cpSync(join(app, "node_modules/h5wasm"), join(to, "node_modules/h5wasm"), { recursive: true });
      expect(run(join(to, main)).units).toBe(32);
    });
  });
});

test("a worker's file of another version is refused by both versions", () => {
  const to = moved(join(app, "esbuild-cjs"));
  cpSync(join(installed, prebuild), join(to, prebuild));
  const worker = join(to, "hdf5_worker.cjs");
  writeFileSync(worker, readFileSync(worker, "utf8").replaceAll(`"${version}"`, '"9.8.7"'));
  expect(run(join(to, "main.cjs")).units).toMatchObject({
    code: "ERR_UNSUPPORTED",
    message: expect.stringMatching(/hdf5_worker\.js .* is of cudnn-gru 9\.8\.7, but \d+\.\d+\.\d+/),
  });
});
