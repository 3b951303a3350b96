import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-package-"));
const app = join(folder, "app");
const prebuild = `prebuilds/${process.platform}-${process.arch}/cudnn_gru.node`;
let tarball: string;
let installed: string[];

/** An environment whose PATH holds Node.js and a shell: no compiler, no make, no Python; and none of npm's settings. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  for (const [name, target] of [
    ["node", process.execPath],
    ["sh", "/bin/sh"],
  ] as const) {
    rmSync(join(bin, name), { force: true });
    symlinkSync(target, join(bin, name));
  }
  const kept = Object.entries(process.env).filter(
    ([key]) => !/^(npm_|CUDNN_GRU_|NODE_PATH$|VITEST|INIT_CWD)/i.test(key),
  );
  return { ...Object.fromEntries(kept), PATH: bin };
}

function npmProgram(): string {
  const running = process.env.npm_execpath;
  if (running?.endsWith("js")) return running;
  const globalModules = execFileSync("npm", ["root", "--global"], { encoding: "utf8" }).trim();
  return join(globalModules, "npm/bin/npm-cli.js");
}

function npm(args: string[], env: NodeJS.ProcessEnv, cwd: string): string {
  return execFileSync(process.execPath, [npmProgram(), ...args, "--no-audit", "--no-fund", "--prefer-offline"], {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** Runs a program in the application's folder and parses the JSON that it prints. */
function runInApp(name: string, source: string): unknown {
  writeFileSync(join(app, name), source);
  const options = { cwd: app, env: bareEnvironment(), encoding: "utf8", stdio: "pipe" } as const;
  return JSON.parse(execFileSync(process.execPath, [name], options));
}

/** The documented example, (32, 10, 8) → (32, 4), with every weight and input fixed. */
const forward = `
  const gru = new GRU(4, { kernel_initializer: "ones", recurrent_initializer: "ones" });
  const inputs = tensor(Float32Array.from({ length: 32 * 10 * 8 }, (_, i) => Math.sin(i)), [32, 10, 8]);
  const output = gru.call(inputs);
  console.log(JSON.stringify({ shape: output.shape, data: Array.from(output.data) }));
`;

beforeAll(() => {
  rmSync(join(root, "prebuilds"), { recursive: true, force: true });
  const name = npm(["pack", "--pack-destination", folder], process.env, root).trim().split("\n").at(-1);
  tarball = join(folder, name ?? "");
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", version: "1.0.0", private: true }));
  npm(["install", "--ignore-scripts", tarball], bareEnvironment(), app);
  installed = readdirSync(join(app, "node_modules/cudnn-gru"), { recursive: true, encoding: "utf8" });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the tarball is at most 3 MB and holds the binary, the sources and no trigger for a build at install", () => {
  const { size } = statSync(tarball);
  console.log(`tarball: ${(size / 1e6).toFixed(2)} MB, ${installed.length} files and folders`);
  expect(size).toBeLessThanOrEqual(3e6);
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
  const ignored = ["--ignore-rules", "cjs-resolves-to-esm"];
  const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
  execFileSync(process.execPath, [attw, tarball, "--no-emoji", ...ignored], { stdio: ["ignore", "ignore", "inherit"] });
});

test("npm ci from the lockfile runs no build, install scripts allowed, no compiler on PATH", () => {
  npm(["ci"], bareEnvironment(), app);
  expect(statSync(join(app, "node_modules/cudnn-gru", prebuild)).isFile()).toBe(true);
});

test("import and require give the same class and the same forward result, from the prebuilt binary", () => {
  const imported = runInApp("esm.mjs", `import { GRU, tensor } from "cudnn-gru";${forward}`);
  const required = runInApp("cjs.cjs", `const { GRU, tensor } = require("cudnn-gru");${forward}`);
  const same = runInApp(
    "same.mjs",
    `import { createRequire } from "node:module"; import { GRU } from "cudnn-gru";
     const loaded = createRequire(import.meta.url)("cudnn-gru").GRU;
     console.log(JSON.stringify(loaded === GRU));`,
  );
  expect(imported).toMatchObject({ shape: [32, 4] });
  expect((imported as { data: number[] }).data.some((value) => Math.abs(value) > 1e-3)).toBe(true);
  expect(required).toEqual(imported);
  expect(same).toBe(true);
});

test("package.json can be required", () => {
  expect(runInApp("manifest.cjs", 'console.log(JSON.stringify(require("cudnn-gru/package.json").name));')).toBe(
    "cudnn-gru",
  );
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

test("where no prebuilt binary fits, cmake-js builds one from the installed sources", () => {
  const folderOfPackage = join(app, "node_modules/cudnn-gru");
  const before = runInApp("before.mjs", `import { GRU, tensor } from "cudnn-gru";${forward}`);
  rmSync(join(folderOfPackage, "prebuilds"), { recursive: true });
  expect(() => runInApp("none.mjs", 'import { GRU } from "cudnn-gru"; new GRU(4).call([[[1]]]);')).toThrow(
    /ERR_NATIVE_LOAD/,
  );
  npm(["install", "--ignore-scripts", "--no-save", "node-addon-api@8"], process.env, app);
  rmSync(join(folderOfPackage, "prebuilds"), { recursive: true, force: true });
  const cmakeJs = join(root, "node_modules/cmake-js/bin/cmake-js");
  execFileSync(process.execPath, [cmakeJs, "compile", "--log-level=warn", "--parallel=2"], {
    cwd: folderOfPackage,
    stdio: ["ignore", "ignore", "inherit"],
  });
  expect(runInApp("after.mjs", `import { GRU, tensor } from "cudnn-gru";${forward}`)).toEqual(before);
});
