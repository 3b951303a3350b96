import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { newApplication, prebuild, root } from "./application.js";
import { testInstalled } from "./installed.js";

const application = newApplication();
const { app, folder, bareEnvironment, npm, runInApp } = application;
const tarball = inject("tarball");
let installed: string[];

beforeAll(() => {
  npm(["install", "--ignore-scripts", tarball], bareEnvironment(), app);
  installed = readdirSync(join(app, "node_modules/cudnn-gru"), { recursive: true, encoding: "utf8" });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the tarball is at most 8 MB and holds the binary, the sources and no trigger for a build at install", () => {
  const { size } = statSync(tarball);
  console.log(`tarball: ${(size / 1e6).toFixed(2)} MB, ${installed.length} files and folders`);
  expect(size).toBeLessThanOrEqual(8e6);
  const expected = ["dist/index.js", "dist/index.d.ts", prebuild, "LICENSE", "README.md", "CMakeLists.txt"];
  expect(expected.filter((path) => !installed.includes(path))).toEqual([]);
  expect(installed.filter((path) => /binding\.gyp|^(lib|test|bench|scripts|build)/.test(path))).toEqual([]);
  const manifest = JSON.parse(readFileSync(join(app, "node_modules/cudnn-gru/package.json"), "utf8"));
  expect(manifest.gypfile).toBe(false);
  for (const script of ["preinstall", "install", "postinstall", "prepare"])
    expect(manifest.scripts).not.toHaveProperty(script);
});

test("publint and attw find nothing wrong with it", () => {
  execFileSync(process.execPath, [join(root, "node_modules/publint/src/cli.js"), tarball, "--strict"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  // An ES module alone: `require` of it works in every Node.js of "engines", as the test of import and require shows.
  // Resolution as in Node.js 10, which knows no "exports", is not asked for.
  const ignored = ["--ignore-rules", "cjs-resolves-to-esm", "--profile", "node16"];
  const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
  execFileSync(process.execPath, [attw, tarball, "--no-emoji", ...ignored], { stdio: ["ignore", "ignore", "inherit"] });
});

test("npm ci from the lockfile runs no build, install scripts allowed, no compiler on PATH", () => {
  npm(["ci"], bareEnvironment(), app);
  expect(statSync(join(app, "node_modules/cudnn-gru", prebuild)).isFile()).toBe(true);
});

testInstalled(application);

test("the subpath for tfjs says what is missing; with the peer, import and require give the same layer", () => {
  const trying = `import("cudnn-gru/tfjs").then(
    () => console.log(JSON.stringify("loaded")),
    ({ name, code, message }) => console.log(JSON.stringify({ name, code, message })),
  );`;
  expect(runInApp("peerless.mjs", trying)).toMatchObject({
    name: "GRUError",
    code: "ERR_UNSUPPORTED",
    message: expect.stringContaining("npm install @tensorflow/tfjs"),
  });
  const scope = join(app, "node_modules/@tensorflow");
  symlinkSync(join(root, "node_modules/@tensorflow"), scope);
  try {
    const same = runInApp(
      "peer.mjs",
      `import { createRequire } from "node:module";
       import * as tf from "@tensorflow/tfjs";
       import { GRU } from "cudnn-gru/tfjs";
       tf.enableProdMode();
       const layer = new GRU({ units: 4 });
       const required = createRequire(import.meta.url)("cudnn-gru/tfjs").GRU;
       const { shape } = layer.apply(tf.ones([2, 3, 5]));
       console.log(JSON.stringify({ shape, same: required === GRU, isLayer: layer instanceof tf.layers.Layer }));`,
    );
    expect(same).toEqual({ shape: [2, 4], same: true, isLayer: true });
  } finally {
    rmSync(scope);
  }
});

test("the package has bundles, not modules", () => {
  const modules = installed.filter((path) => /^dist\/.*\.js$/.test(path));
  expect(modules.length).toBeGreaterThan(0);
  expect(modules.length).toBeLessThan(40);
});

test.each(["consumer.mts", "consumer.cts"])("the types compile in %s without any other type package", (name) => {
  writeFileSync(
    join(app, name),
    `import { GRU, Tensor, tensor } from "cudnn-gru";
     const gru = new GRU(4, { return_state: true });
     const [output, state]: [Tensor, Tensor] = gru.call(tensor(new Float32Array(8), [1, 2, 4]));
     export const shapes: number[][] = [output.shape, state.shape];\n`,
  );
  const options = ["--module", "nodenext", "--target", "es2022", "--lib", "es2023,esnext.disposable,dom", "--strict"];
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, ...options, "--noEmit", "--types", "", name], { cwd: app, stdio: "inherit" });
});
