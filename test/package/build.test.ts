import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { forward, newApplication } from "./application.js";

/** Why nothing can be built here; `false` when it can. */
function withoutTools(): string | false {
  const works = (program: string) => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
  if (!works("cmake")) return "there is no cmake";
  return works(process.env.CXX ?? "c++") ? false : "there is no C++ compiler";
}

const reason = withoutTools();
const title = reason ? `npx cudnn-gru build (skipped: ${reason})` : "npx cudnn-gru build";

describe.skipIf(reason)(title, () => {
  const { app, folder, bareEnvironment, cleanEnvironment, npm, runInApp } = newApplication();
  const installed = join(app, "node_modules/cudnn-gru");
  const program = `import { GRU, tensor } from "cudnn-gru";${forward}`;
  let before: unknown;

  /**
   * Runs `npx cudnn-gru build` and returns how it ended. If the compiler on the PATH is ccache's, the two variables let
   * it use the objects that it compiled in another folder.
   */
  function build(env = cleanEnvironment()) {
    const command = join(installed, "dist/cli/main.js");
    const cached = { ...env, CCACHE_BASEDIR: folder, CCACHE_NOHASHDIR: "1" };
    return spawnSync(process.execPath, [command, "build"], { cwd: app, env: cached, encoding: "utf8" });
  }

  beforeAll(() => {
    npm(["install", "--ignore-scripts", "--omit=dev", inject("tarball")], bareEnvironment(), app);
    before = runInApp("before.mjs", program);
    rmSync(join(installed, "prebuilds"), { recursive: true });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("without a binary the package says to run it", () => {
    expect(() => runInApp("none.mjs", 'import { GRU } from "cudnn-gru"; new GRU(4).call([[[1]]]);')).toThrow(
      /npx cudnn-gru build[\s\S]*ERR_NATIVE_LOAD/,
    );
  });

  test("says what is missing, and how to get it", () => {
    const { status, stderr } = build();
    expect(status).toBe(1);
    expect(stderr).toContain("cmake-js and node-addon-api");
    const command = /^ {2}npm (install .+)$/m.exec(stderr)?.[1] as string;
    npm([...command.split(" "), "--ignore-scripts"], cleanEnvironment(), app);
    // Without the binary in the package, which the installation may have put back.
    rmSync(join(installed, "prebuilds"), { recursive: true, force: true });
    const bare = build(bareEnvironment());
    expect(bare.status).toBe(1);
    expect(bare.stderr).toContain("CMake 3.19");
    expect(existsSync(join(installed, "build-cmake/Release/cudnn_gru.node"))).toBe(false);
  });

  test("then builds the addon where the package lies, and the same program gives the same numbers", () => {
    const { status, stdout, stderr } = build();
    expect(status, stderr).toBe(0);
    expect(stdout).toContain("and it loads.");
    expect(runInApp("after.mjs", program)).toEqual(before);
  }, 600_000);
});
