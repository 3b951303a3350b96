import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { Control } from "./control.js";
import { DOUBLES, environment, titled, withoutDoubles } from "./doubles.js";

const root = mkdtempSync(join(tmpdir(), "cudnn-gru-gpu-run-"));
afterAll(() => rmSync(root, { recursive: true }));

const PROGRAM = fileURLToPath(new URL("../gpu/run.mjs", import.meta.url));
const ENDLESS = ["--", "--variants=float32", "--rounds=1", "--sample-ms=1"];

interface Run {
  child: ChildProcess;
  out: string;
  /** All of what it has printed, so far. */
  text: () => string;
}

let runs = 0;

/** Starts a run on the doubles, from a folder that is not the repository's. */
function start(args: string[], env: Record<string, string | undefined> = {}): Run {
  const run = runs++;
  const out = join(root, `out${run}`);
  const control = Control.create(join(root, `control${run}`));
  const child = spawn(process.execPath, [PROGRAM, "--out", out, ...args], {
    cwd: root,
    env: environment({ env: { CUDNN_GRU_PYTHON: "/nonexistent", ...env } }, control.path),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (text += chunk));
  return { child, out, text: () => text };
}

const recordIn = (out: string) => JSON.parse(readFileSync(join(out, "gpu-record.json"), "utf8"));

async function end({ child, out, text }: Run) {
  const [code, signal] = await once(child, "close");
  return { code, signal, text: text(), record: existsSync(join(out, "gpu-record.json")) ? recordIn(out) : null };
}

const results = (record: { stages: { name: string; result: string }[] }) =>
  record.stages.map(({ name, result }) => `${name} ${result}`);

const pause = (milliseconds = 50) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Resolves once the record in `out` is as wanted. */
async function recorded(out: string, wanted: (record: ReturnType<typeof recordIn>) => boolean): Promise<void> {
  while (!existsSync(join(out, "gpu-record.json")) || !wanted(recordIn(out))) {
    await pause();
  }
}

// Each run is a process with children of its own, and most of the time is their start: several run at once.
const options = { concurrent: true };

describe.skipIf(withoutDoubles)(titled("a run on a GPU, on doubles", withoutDoubles), options, () => {
  it("doctor, then the tests, then the benchmark, in one record", async () => {
    const shape = ["--", "--variants=float32", "--rounds=1", "--sample-ms=1", "2x3x4-5"];
    const { code, text, record } = await end(start(["--stages", "bench,correctness", ...shape]));
    expect(code, text).toBe(0);
    expect(results(record)).toEqual(["doctor passed", "correctness passed", "bench passed"]);
    expect(record).toMatchObject({
      ended: "all stages passed",
      usable: true,
      doctor: { path: "cudnn" },
      machine: { node: process.version },
      tests: { passed: 12, failed: 0, skipped: 0 },
      failed: [],
      bench: { cases: [{ variant: "float32" }] },
    });
    expect(record.answers.golden["golden forward float32"].worst).toBeLessThan(1e-5);
    expect(text).toContain("runs on the GPU (device 0)");
  });

  it("without a usable GPU ends at once with 1, and says why; --allow-skip goes on", async () => {
    const env = { CUDNN_GRU_DISABLE_CUDA: "1" };
    const refused = await end(start([], env));
    expect(refused.code).toBe(1);
    expect(results(refused.record)).toEqual(["doctor failed"]);
    expect(refused.record.ended).toBe("no usable GPU: see doctor");
    expect(refused.record.doctor.advice).toEqual(["Unset CUDNN_GRU_DISABLE_CUDA."]);
    expect(refused.text).toContain("Unset CUDNN_GRU_DISABLE_CUDA.");
    const { code, record } = await end(start(["--allow-skip", "--no-bench"], env));
    expect(code).toBe(0);
    expect(results(record)).toEqual([
      "doctor failed",
      ...["correctness", "parity", "wrappers", "stacks", "questions", "soak"].map((name) => `${name} passed`),
    ]);
    expect(record.tests).toMatchObject({ passed: 0, failed: 0 });
    expect(record.tests.skipped).toBeGreaterThan(10);
    expect(record.skipped[0]).toContain("CUDNN_GRU_DISABLE_CUDA");
  });

  it("takes the cuDNN of python3's packages where none is named, and tells what the search alone finds", async () => {
    const bin = join(root, "python/bin");
    const package_ = join(root, "python/packages/nvidia/cudnn");
    await mkdir(bin, { recursive: true });
    await mkdir(package_, { recursive: true });
    symlinkSync(join(DOUBLES, "cudnn"), join(package_, "lib"));
    writeFileSync(join(bin, "python3"), `#!/bin/sh\necho '${package_}'\n`, { mode: 0o755 });
    const env = {
      PATH: [bin, process.env.PATH].join(delimiter),
      HOME: root,
      VIRTUAL_ENV: undefined,
      CONDA_PREFIX: undefined,
      CUDNN_GRU_PYTHON: undefined,
      CUDNN_GRU_CUDNN_PATH: undefined,
    };
    const { code, text, record } = await end(start(["--stages", "correctness"], env));
    expect(code, text).toBe(0);
    expect(record.python).toEqual({ python: "python3", cudnn: join(package_, "lib") });
    expect(record.doctor.backend.cudnn.path).toBe(join(DOUBLES, "cudnn/libcudnn_adv.so.9"));
    expect(record.search.tried.join("\n")).toContain("(python3 in PATH)");
  });

  it("killed in the middle of the benchmark, leaves every case that was measured", async () => {
    const shapes = Array.from({ length: 400 }, (_, index) => `2x3x4-${1 + (index % 7)}`);
    const run = start(["--stages", "correctness,bench", ...ENDLESS, ...shapes]);
    await recorded(run.out, (record) => record.bench?.cases.length >= 3);
    run.child.kill("SIGKILL");
    const { signal, record } = await end(run);
    expect(signal).toBe("SIGKILL");
    expect(record.ended).toBe(false);
    expect(record.bench.cases.length).toBeGreaterThanOrEqual(3);
    expect(record.bench.cases.length).toBeLessThan(400);
    expect(record.bench.cases[2].results.training.median.ours).toBeGreaterThan(0);
    expect(results(record)).toEqual(["doctor passed", "correctness passed"]);
    expect(record.tests.passed).toBe(12);
  });

  it("its benchmark ends when the run is killed", async () => {
    const file = join(root, "left.json");
    const run = start([
      "--stages",
      "bench",
      ...ENDLESS,
      "--json",
      file,
      ...Array.from({ length: 400 }, () => "2x3x4-5"),
    ]);
    const measured = () => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).cases.length : 0);
    while (measured() < 1) await pause();
    run.child.kill("SIGKILL");
    await once(run.child, "close");
    // Another case may have been under way, or two.
    for (let before = -1; before !== measured(); await pause(1000)) before = measured();
    expect(measured()).toBeLessThan(400);
  });

  it("asked to end, ends what it started and says so in the record", async () => {
    const run = start(["--stages", "bench", ...ENDLESS, ...Array.from({ length: 400 }, () => "2x3x4-5")]);
    await recorded(run.out, (record) => record.bench?.cases.length >= 1);
    run.child.kill("SIGTERM");
    const { code, record } = await end(run);
    expect(code).toBe(143);
    expect(record.ended).toBe("ended by SIGTERM");
    expect(record.bench.cases.length).toBeGreaterThanOrEqual(1);
  });

  // By itself, so that doctor is done within the six seconds.
  it.sequential("ends a stage that is out of time, says which were left out, and exits with 1", async () => {
    const shapes = Array.from({ length: 400 }, () => "2x3x4-5");
    const { code, record } = await end(
      start(["--stages", "bench,soak", "--limit", "6", "--", "--seconds=Infinity", "--rounds=1000000", ...shapes]),
    );
    expect(code).toBe(1);
    expect(results(record)).toEqual(["doctor passed", "bench out of time", "soak left out"]);
    expect(record.ended).toBe("not passed: bench,soak");
  });

  it("a failing test is in the record with its reason", async () => {
    const { code, record } = await end(start(["--stages", "correctness"], { CUDNN_GRU_DOUBLE: "memory=20000" }));
    expect(code).toBe(1);
    expect(record.tests.failed).toBeGreaterThan(0);
    expect(record.failed[0].name).toMatch(/every eligible case/);
    expect(record.failed[0].reason).not.toBe("");
  });

  it("refuses a stage that it does not know, and has help", async () => {
    const unknown = await end(start(["--stages", "correctness,parrots"]));
    expect(unknown).toMatchObject({ code: 2, record: null });
    expect(unknown.text).toContain("No such stage: parrots");
    expect((await end(start(["--help"]))).text).toContain("--allow-skip");
  });
});
