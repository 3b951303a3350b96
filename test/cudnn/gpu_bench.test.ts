import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { endOf, titled, withoutDoubles } from "./doubles.js";

const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-gpu-bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

const venv = fileURLToPath(new URL("../../.venv", import.meta.url));
const hasTorch =
  existsSync(join(venv, "lib")) &&
  readdirSync(join(venv, "lib")).some((python) => existsSync(join(venv, "lib", python, "site-packages/torch")));
const withoutTorch = withoutDoubles || (!hasTorch && "PyTorch is not in .venv");

/** Runs the benchmark, and returns its output and its record. */
async function run(args: string[], env: Record<string, string> = { CUDNN_GRU_PYTHON: "/nonexistent" }) {
  const file = join(folder, "record.json");
  const all = ["--rounds", "2", "--sample-ms", "5", "--json", file, ...args];
  const { code, stdout, stderr } = await endOf("gpu_bench", { args: all, env });
  return { code, stdout, stderr, record: JSON.parse(readFileSync(file, "utf8")) };
}

describe.skipIf(withoutDoubles)(titled("the benchmark on a GPU, on doubles", withoutDoubles), () => {
  it("records times and their parts, ours alone where there is no PyTorch", async () => {
    const { code, stdout, record } = await run(["--variants", "float32", "2x3x4-5"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/2x3x4-5 float32 training: ours [\d.]+ ms\n {2}ours: copies in [\d.]+, compute [\d.]+/);
    expect(record.skipped).toContain("/nonexistent");
    expect(record.machine).toMatchObject({
      node: process.version,
      cuda: { driver: "13.0" },
      cudnn: { version: "9.24.0" },
    });
    const [{ results }] = record.cases;
    for (const mode of ["forward", "training"]) {
      const { median, split } = results[mode];
      const { host, device } = split.ours;
      expect(Object.keys(median)).toEqual(mode === "forward" ? ["ours", "out"] : ["ours"]);
      expect(Object.keys(host)).toEqual(["place", "copyIn", "compute", "copyOut", "wait", "unpack"]);
      expect(device.compute).toBeGreaterThan(0);
      expect(host.wait).toBeGreaterThan(0);
    }
    expect(results.training.split.ours.device.compute).toBeGreaterThan(0);
  });

  it("measures every variant of every shape, one row without lengths of its own", async () => {
    const { code, record } = await run(["3x4x2-5", "1x4x2-5"]);
    expect(code).toBe(0);
    const measured = record.cases.map(({ shape, variant }: { shape: { batch: number }; variant: string }) => [
      variant,
      shape.batch,
    ]);
    const both = (variant: string) => [3, 1].map((batch) => [variant, batch]);
    expect(measured).toEqual([
      ...both("float32"),
      ["ragged", 3],
      ...["bidirectional", "two_layers", "float16", "bfloat16", "tf32"].flatMap(both),
    ]);
    const lengths = record.cases[2].lengths as number[];
    expect(lengths[0]).toBe(4);
    expect(lengths.every((length) => length >= 1 && length <= 4)).toBe(true);
    expect(record.left).toEqual([]);
  });

  it("leaves out what its time does not allow, and says so", async () => {
    const { code, stdout, record } = await run(["--seconds", "0", "2x3x4-5"]);
    expect(code).toBe(0);
    expect(record.cases).toEqual([]);
    expect(record.left[0]).toBe("2x3x4-5 float32");
    expect(stdout).toContain("Left out for want of time: 2x3x4-5 float32, ");
  });

  it("skips without a GPU, and records why", async () => {
    const { code, stdout, record } = await run(["2x3x4-5"], { CUDNN_GRU_DISABLE_CUDA: "1" });
    expect(code).toBe(0);
    expect(stdout).toContain("Skipped: no cuDNN here: ");
    expect(record.skipped).toContain("CUDNN_GRU_DISABLE_CUDA");
    expect(record.cases).toBeUndefined();
  });
});

describe.skipIf(withoutTorch)(titled("its peer, PyTorch on the CPU", withoutTorch), () => {
  it("computes the same in every variant, and ours is compared with and without `out`", async () => {
    const python = join(venv, "bin/python");
    const { code, stdout, stderr, record } = await run(["--peer-device", "cpu", "5x4x3-6"], {
      CUDNN_GRU_PYTHON: python,
    });
    expect([code, stderr]).toEqual([0, ""]);
    expect(record.torch).toMatchObject({ python, device: "cpu" });
    expect(record.cases).toHaveLength(7);
    for (const { variant, torchError, results } of record.cases) {
      expect(torchError).toBeUndefined();
      const { forward, training } = results;
      expect(Object.keys(forward.ratio)).toEqual(["ours", "out"]);
      expect(Object.keys(training.ratio)).toEqual(["ours"]);
      expect(forward.ratio.ours).toBe(forward.median.torch / forward.median.ours);
      expect(Object.keys(forward.split)).toEqual(["ours", "out", "torch"]);
      expect([forward.split.torch.mode, training.split.torch.mode]).toEqual(["eval", "train"]);
      const exact = ["float32", "ragged", "bidirectional", "two_layers"].includes(variant);
      for (const { difference } of [forward, training]) {
        expect(difference, variant).toBeLessThan(exact ? 1e-5 : variant === "bfloat16" ? 6e-2 : 1e-2);
        expect(difference, variant).toBeGreaterThan(0);
      }
    }
    expect(stdout).toMatch(/ms, with out [\d.]+ ms; PyTorch [\d.]+ ms, ratio [\d.]+ and [\d.]+, difference/);
  });
});
