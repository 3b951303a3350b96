// The packed package in every Node.js of "engines", in Bun and in Deno, and installed by every package manager. The runtimes
// and package managers are those of test/package/runtimes/package.json.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { ensurePackages } from "../../scripts/setup/packages.mjs";
import { newApplication, root } from "./application.js";

ensurePackages("test/package/runtimes");
const packages = join(root, "test/package/runtimes/node_modules");
const bun = join(packages, "@oven/bun-linux-x64/bin/bun");
const deno = join(packages, "@deno/linux-x64-glibc/deno");
const nodeOf = (major: number) => join(packages, `node-${major}/bin/node`);

const { app, folder, bareEnvironment, cleanEnvironment, npm } = newApplication();
const PROGRAM = "try_package.mjs";
const tarball = inject("tarball");
let registry: string;

/** Puts the program, which checks its numbers itself, and the model that it reads in a folder. */
function addProgram(to: string) {
  copyFileSync(join(root, "scripts/release", PROGRAM), join(to, PROGRAM));
  copyFileSync(join(root, "examples/weather/model.keras"), join(to, "model.keras"));
}

function run(command: string, args: string[], cwd = app, env = bareEnvironment()) {
  return spawnSync(command, args, { cwd, env: { ...env, NO_COLOR: "1" }, encoding: "utf8", timeout: 100_000 });
}

/** Expects the program to have ended well. It printed the result of its call, a checked number. */
function expectWorks({ status, stdout, stderr }: ReturnType<typeof run>) {
  expect(status, stderr).toBe(0);
  const printed = JSON.parse(stdout.trim().split("\n").at(-1) as string);
  expect(printed).toEqual({ called: expect.closeTo(-0.0412, 4), units: 32, isa: expect.any(String) });
}

/** Expects the program to have ended with one error that says what to permit. */
function expectRefused({ status, stderr }: ReturnType<typeof run>, message: RegExp) {
  expect(status).not.toBe(0);
  expect(stderr.match(/\bGRUError: /g)).toHaveLength(1);
  expect(stderr).toMatch(message);
}

beforeAll(() => {
  registry = npm(["config", "get", "registry"], cleanEnvironment(), root).trim();
  npm(["install", "--ignore-scripts", "--omit=dev", tarball], bareEnvironment(), app);
  addProgram(app);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const absent = existsSync(bun) && existsSync(deno) ? false : "the runtimes are those of Linux on x64 with glibc";
const titled = (title: string) => (absent ? `${title} (skipped: ${absent})` : title);

describe.skipIf(absent)(titled("runtimes"), () => {
  describe.each([20, 22, 24, 26])("Node.js %i", (major) => {
    const node = nodeOf(major);

    test("computes", () => {
      expect(run(node, ["--version"]).stdout).toMatch(`v${major}.`);
      expectWorks(run(node, [PROGRAM]));
    });

    test.skipIf(major === 20)("needs permissions, and says which", () => {
      const read = ["--permission", `--allow-fs-read=${app}`];
      expectRefused(
        run(node, [...read, PROGRAM]),
        /the permission to load its native addon.*run node with --allow-addons\./,
      );
      const threadless = run(node, [...read, "--allow-addons", PROGRAM]);
      expectRefused(threadless, /model\.keras.*run node with --allow-worker\./);
      expectWorks(run(node, [...read, "--allow-addons", "--allow-worker", PROGRAM]));
    });
  });

  test("Bun computes", () => expectWorks(run(bun, [PROGRAM])));

  test("Deno needs permissions, and says which", () => {
    const denied = /the permission to load its native addon.*run deno with --allow-read --allow-ffi\./;
    expectRefused(run(deno, ["run", "--no-prompt", PROGRAM]), denied);
    expectWorks(run(deno, ["run", "--no-prompt", "--allow-read", "--allow-ffi", PROGRAM]));
  });
});

/** The package managers: how each installs without scripts, and how its application is started. */
const managers = {
  pnpm: { install: [join(packages, ".bin/pnpm"), "install", "--ignore-scripts"], start: [process.execPath] },
  "yarn 1": {
    install: [process.execPath, join(packages, "yarn/bin/yarn.js"), "install", "--ignore-scripts", "--no-lockfile"],
    start: [process.execPath],
  },
  "yarn 4, Plug'n'Play": {
    install: [process.execPath, join(packages, "@yarnpkg/cli-dist/bin/yarn.js"), "install", "--no-immutable"],
    start: [process.execPath, join(packages, "@yarnpkg/cli-dist/bin/yarn.js"), "node"],
  },
  bun: { install: [bun, "install", "--ignore-scripts"], start: [bun] },
};

test.skipIf(absent).each(Object.keys(managers) as (keyof typeof managers)[])(
  titled("%s installs what computes"),
  (name) => {
    const { install, start } = managers[name];
    const cwd = join(folder, name);
    mkdirSync(cwd);
    addProgram(cwd);
    const manifest = { name: "app", private: true, type: "module", dependencies: { "cudnn-gru": `file:${tarball}` } };
    writeFileSync(join(cwd, "package.json"), JSON.stringify(manifest));
    writeFileSync(join(cwd, ".yarnrc.yml"), "nodeLinker: pnp\nenableScripts: false\nenableTelemetry: false\n");
    // An empty lockfile makes the folder a project of its own.
    writeFileSync(join(cwd, "yarn.lock"), "");
    const bare = bareEnvironment();
    const env = {
      ...bare,
      PATH: [bare.PATH, dirname(process.execPath)].join(delimiter),
      HOME: process.env.HOME,
      npm_config_registry: registry,
      YARN_NPM_REGISTRY_SERVER: registry.replace(/\/$/, ""),
    };
    const [installer, ...options] = install as [string, ...string[]];
    const installed = run(installer, options, cwd, env);
    expect(installed.status, installed.stdout + installed.stderr).toBe(0);
    const [runtime, ...args] = start as [string, ...string[]];
    expectWorks(run(runtime, [...args, PROGRAM], cwd, env));
  },
);
