import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { endOf, titled, withoutDoubles } from "./doubles.js";

const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-gpu-bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the benchmark without PyTorch and gives what it printed and recorded. */
async function run(env: Record<string, string> = {}) {
  const file = join(folder, "record.json");
  const args = ["--rounds", "2", "--sample-ms", "5", "--json", file, "2x3x4-5"];
  const { code, stdout } = await endOf("gpu_bench", { args, env: { CUDNN_GRU_PYTHON: "/nonexistent", ...env } });
  return { code, stdout, record: JSON.parse(readFileSync(file, "utf8")) };
}

describe.skipIf(withoutDoubles)(titled("the benchmark on a GPU, on doubles", withoutDoubles), () => {
  it("records times and their parts, ours alone where there is no PyTorch", async () => {
    const { code, stdout, record } = await run();
    expect(code).toBe(0);
    expect(stdout).toMatch(/2x3x4-5 training: ours [\d.]+ ms\n {2}ours: copies in [\d.]+, compute [\d.]+/);
    expect(record.skipped).toContain("/nonexistent");
    const [{ results }] = record.shapes;
    for (const mode of ["forward", "training"]) {
      const { median, split } = results[mode];
      const { host, device } = split.ours;
      expect(Object.keys(median)).toEqual(["ours"]);
      expect(Object.keys(host)).toEqual(["place", "copyIn", "compute", "copyOut", "wait", "unpack"]);
      expect(device.compute).toBeGreaterThan(0);
      expect(host.wait).toBeGreaterThan(device.compute);
    }
    expect(results.training.split.ours.device.compute).toBeGreaterThan(results.forward.split.ours.device.compute);
  });

  it("skips without a GPU, and records why", async () => {
    const { code, stdout, record } = await run({ CUDNN_GRU_DISABLE_CUDA: "1" });
    expect(code).toBe(0);
    expect(stdout).toContain("Skipped: no cuDNN here: ");
    expect(record.skipped).toContain("CUDNN_GRU_DISABLE_CUDA");
    expect(record.shapes).toBeUndefined();
  });
});
