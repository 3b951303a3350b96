// The native tests, linked statically with musl, and for arm64; and the addon of musl in a program of musl.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { onAllCores } from "../../scripts/platforms/compile.mjs";
import { targetNamed } from "../../scripts/platforms/targets.mjs";
import { buildNativeTests, buildOpener, doctest } from "./programs.mjs";
import { binaryOf, muslGcc, noArm64, runProgram } from "./runners.mjs";

/** The exit status of a case that cannot run on this machine. */
const SKIPPED = 77;

/**
 * Cases that compare with the C library's functions for long double. For arm64 zig puts functions of its own in their place,
 * which compute in double. The build by g++ has these cases (.ci/run).
 */
const LONG_DOUBLE = /\bulp\b/;

describe.each(["linux-x64-musl", "linux-arm64"])("the native tests on %s", (name) => {
  const target = targetNamed(name);
  const reason = doctest === null ? "doctest is not installed" : target.arch === "arm64" ? noArm64 : null;

  it("pass", { timeout: 1_800_000 }, async ({ skip }) => {
    if (reason) return skip(reason);
    const programs = await buildNativeTests(target);
    expect(programs.length).toBeGreaterThan(10);
    const cases: { program: string; name: string }[] = [];
    for (const program of programs) {
      const { output } = await runProgram(program, ["--list-test-cases"], target);
      const names = output.split("\n").filter((line) => line !== "" && !/^(\[doctest\]|=+$)/.test(line));
      expect(names.length, program).toBeGreaterThan(0);
      const chosen = names.filter((name) => target.arch !== "arm64" || !LONG_DOUBLE.test(name));
      cases.push(...chosen.map((name) => ({ program, name })));
    }
    const failed: string[] = [];
    // As ctest does: each case in a process of its own.
    await onAllCores(cases, async ({ program, name }) => {
      // A comma ends a name, unless it is escaped.
      const chosen = name.replaceAll(",", "\\,");
      const { status, output } = await runProgram(program, [`--test-case=${chosen}`], target);
      if (status !== 0 && status !== SKIPPED) failed.push(`${basename(program)}: ${name}\n${output}`);
    });
    console.log(`${target.name}: ${cases.length} native test cases`);
    expect(failed).toEqual([]);
  });
});

describe("the addon of musl in a program of musl", () => {
  const target = targetNamed("linux-x64-musl");
  const reason = !existsSync(binaryOf(target.name))
    ? `prebuilds/${target.name} is missing`
    : muslGcc
      ? null
      : "musl-tools is not installed";
  let seen: { error?: string; functions: number; right: number; ofMusl: number; stacks: number[] };

  beforeAll(() => {
    if (reason) return;
    const program = buildOpener(target, binaryOf(target.name));
    const env = { ...process.env, CUDNN_GRU_THREADS: "3" };
    const { stdout, stderr } = spawnSync(program, [binaryOf(target.name)], { encoding: "utf8", env });
    expect(stdout, stderr).toMatch(/^\{/);
    seen = JSON.parse(stdout);
  });

  it("opens, and registers its functions", ({ skip }) => {
    if (reason) return skip(reason);
    expect(seen.error).toBeUndefined();
    expect(seen.functions).toBeGreaterThan(15);
    expect(seen.right).toBe(1 << 20);
  });

  it("starts threads with 8 MB of stack where musl gives 128 KB", ({ skip }) => {
    if (reason) return skip(reason);
    expect(seen.ofMusl).toBe(128 << 10);
    expect(seen.stacks).toEqual([8 << 20, 8 << 20]);
  });
});
