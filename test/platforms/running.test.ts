// The binaries in prebuilds/ at work, under emulators where they are for another system or processor.
// PLATFORMS_EVERY=1 runs every golden case on arm64 too, and not only each tenth.
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { root } from "../../scripts/setup/shell.mjs";
import { binaryOf, nodeOf, runOn, skipReason } from "./runners.mjs";

/** Which of the golden cases run: 10 means each tenth. qemu takes many times as long as wine, which runs x64's code as it is. */
function everyOn(target: string): string {
  return process.env.PLATFORMS_EVERY ?? (target === "linux-arm64" ? "10" : "1");
}

interface Counts {
  cases: number;
  gradients: number;
}

interface GoldenResult {
  layers: Counts;
  wrappers: Counts;
  models: Counts;
  failed: string[];
  cpu: { isa: string; isas: string[] };
  cudnn: string | null;
}

/** A test on a target, skipped with the reason where it cannot run. */
function itOn(target: string, name: string, body: (context: TestContext) => void): void {
  const reason = skipReason(target);
  it(reason ? `${name} (skipped: ${reason})` : name, (context) => {
    if (reason) return context.skip(reason);
    body(context);
  });
}

const kernels = {
  "linux-x64": /^(avx512_bf16|avx512|avx2|baseline)$/,
  "linux-arm64": /^neon$/,
  "win32-x64": /^(avx512_bf16|avx512|avx2|baseline)$/,
};

describe.each(Object.entries(kernels))("%s", (target, isa) => {
  itOn(target, "computes the golden data, forward and backward, with its vector kernels", () => {
    const every = everyOn(target);
    const { result, status, output } = runOn(target, "golden.mjs", [every]);
    expect(result, output).not.toBeNull();
    const { layers, wrappers, models, failed, cpu, cudnn } = result as GoldenResult;
    console.log(
      `${target}, kernels ${cpu.isa}: golden cases of ${layers.cases} GRUs (${layers.gradients} with gradients), ` +
        `${wrappers.cases} Bidirectionals and stacks (${wrappers.gradients}), ${models.cases} models`,
    );
    expect(failed).toEqual([]);
    expect(status).toBe(0);
    expect(layers.cases).toBeGreaterThan(3000 / Number(every));
    expect(wrappers.cases).toBeGreaterThan(600 / Number(every));
    expect(models.cases).toBeGreaterThan(500 / Number(every));
    expect(layers.gradients).toBeGreaterThan(0);
    expect(wrappers.gradients).toBeGreaterThan(0);
    expect(cpu.isa).toMatch(isa);
    if (target.startsWith("win32")) expect(cudnn).toContain("exists on Linux with glibc only");
  });

  itOn(target, "stays loaded when the worker that loaded it ends, and lets the process exit during a call", () => {
    const { result, status, output } = runOn(target, "worker.mjs");
    expect(result, output).toEqual(["worker 1: equal", "worker 2: equal"]);
    expect(status, output).toBe(0);
  });
});

describe("the bits on Windows", () => {
  const [target, other] = ["win32-x64", "linux-x64"];

  itOn(target, "are those on Linux", ({ skip }) => {
    if (skipReason(other)) return skip(skipReason(other) as string);
    const [first, second] = [other, target].map((name) => {
      const { result, output } = runOn(name, "outputs.mjs");
      // Some operations of whole models call the C library.
      const ofLayers = Object.entries(result ?? {}).filter(([key]) => !key.startsWith("model "));
      expect(ofLayers.length, output).toBeGreaterThan(400);
      return Object.fromEntries(ofLayers);
    });
    expect(second).toEqual(first);
  });
});

describe("a program that is not named node.exe", () => {
  const target = "win32-x64";

  itOn(target, "finds Node-API in itself, as Electron and Bun have it", () => {
    const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-renamed-"));
    try {
      const node = join(folder, "editor.exe");
      copyFileSync(nodeOf(target), node);
      const { result, status, output } = runOn(target, "golden.mjs", ["400"], { node });
      expect(result, output).toMatchObject({ failed: [] });
      expect(status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the bits of g++ and of zig's clang", () => {
  const everyday = join(root, "build/Release/cudnn_gru.node");
  const target = "linux-x64";

  it("are those of two builds", ({ skip }) => {
    if (skipReason(target)) return skip(skipReason(target) as string);
    // The set-up may take the binary in prebuilds/ for the everyday build.
    expect(readFileSync(everyday).equals(readFileSync(binaryOf(target)))).toBe(false);
  });

  it.each(["avx512_bf16", "avx512", "avx2", "baseline", "reference"])("are equal with the kernels %s", (isa) => {
    const env = { CUDNN_GRU_ISA: isa };
    const results = [everyday, binaryOf(target)].map((addon) => runOn(target, "outputs.mjs", [], { addon, env }));
    const [first, second] = results.map(({ result }) => result as Record<string, string> | null);
    if (first === null && second === null && /CUDNN_GRU_ISA/.test(results[0]?.output ?? "")) return; // not this CPU's
    expect(Object.keys(first ?? {}).length, results[0]?.output).toBeGreaterThan(1100);
    expect(second, results[1]?.output).toEqual(first);
  });
});
