// What the binaries in prebuilds/ are like: names, libraries, versions, signatures. The readers of scripts/platforms/formats
// are compared with binutils and LLVM, where those are installed.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { factsOf, problemsOf } from "../../scripts/platforms/check.mjs";
import { targets } from "../../scripts/platforms/targets.mjs";
import { binaryOf } from "./runners.mjs";

const ENTRIES = ["napi_register_module_v1", "node_api_module_get_api_version_v1"];

/** The lines that a tool prints, or null where it is not installed. */
function linesOf(tool: string, args: string[]): string[] | null {
  const { error, stdout } = spawnSync(tool, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  return error ? null : stdout.split("\n");
}

describe.each(targets.filter(({ name }) => existsSync(binaryOf(name))))("$name", (target) => {
  const file = binaryOf(target.name);

  it("keeps every rule of the release", () => {
    expect(problemsOf(target, file)).toEqual([]);
  });

  it.runIf(target.platform === "linux")("exports what readelf says, and needs no newer glibc than 2.28", ({ skip }) => {
    const symbols = linesOf("readelf", ["--wide", "--dyn-syms", file]);
    if (!symbols) return skip("readelf is not installed");
    const exported = symbols.map((line) => line.trim().split(/\s+/)).filter((words) => /^\d+$/.test(words[6] ?? ""));
    expect(exported.map((words) => words[7]).sort()).toEqual(ENTRIES);
    const versions = (linesOf("readelf", ["--wide", "--version-info", file]) ?? [])
      .join("\n")
      .matchAll(/GLIBC_2\.(\d+)/g);
    const newest = Math.max(0, ...[...versions].map(([, minor]) => Number(minor)));
    expect(newest).toBeLessThanOrEqual(target.name.endsWith("musl") ? 0 : 28);
    if (!target.name.endsWith("musl")) expect(newest).toBeGreaterThan(0);
  });

  it.runIf(target.platform === "darwin")("has the exports and load commands that LLVM sees", ({ skip }) => {
    const trie = linesOf("llvm-objdump-14", ["--macho", "--exports-trie", file]);
    if (!trie) return skip("llvm-objdump-14 is not installed");
    const exported = trie.flatMap((line) => /^0x[0-9A-F]+ +_(\S+)/.exec(line)?.[1] ?? []);
    expect(exported.sort()).toEqual([...(factsOf(target, file) as { exports: string[] }).exports].sort());
    const commands = (linesOf("llvm-objdump-14", ["--macho", "--private-headers", file]) ?? []).join("\n");
    expect(commands).toMatch(target.arch === "arm64" ? /minos 11\.0/ : /minos 10\.15|version 10\.15/);
    if (target.arch === "arm64") expect(commands).toContain("LC_CODE_SIGNATURE");
  });

  it.runIf(target.platform === "win32")("names no program in its import table, as LLVM reads it", ({ skip }) => {
    const imports = linesOf("llvm-readobj-14", ["--coff-imports", "--coff-exports", file]);
    if (!imports) return skip("llvm-readobj-14 is not installed");
    const libraries = imports.flatMap((line) => /^ {2}Name: (.*\.\w+)$/.exec(line)?.[1] ?? []);
    expect(libraries.length).toBeGreaterThan(0);
    expect(libraries.filter((name) => !/\.dll$/i.test(name))).toEqual([]);
    expect(imports.join("\n")).toContain("napi_register_module_v1");
  });
});

it("there are binaries to look at", () => {
  expect(targets.filter(({ name }) => existsSync(binaryOf(name))).length).toBeGreaterThan(0);
});
