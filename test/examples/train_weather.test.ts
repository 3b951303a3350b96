// The training example as a user runs it, with settings so small that it learns nothing.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const PROGRAM = fileURLToPath(new URL("../../examples/train-weather/train.mjs", import.meta.url));
// After the first epoch there is enough left to be interrupted in.
const TINY = ["--units", "3", "--stride", "80", "--batch", "4", "--epochs", "8", "--patience", "8"];
const folder = mkdtempSync(join(tmpdir(), "train-weather-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ending {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the program. When `interruptAt` appears in its output, the program receives the signal of Ctrl-C. */
function train(args: readonly string[], interruptAt?: string): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args]);
    let stdout = "";
    let stderr = "";
    let interrupted = interruptAt === undefined;
    child.stdout.on("data", (data) => {
      stdout += data;
      if (interrupted || !stdout.includes(interruptAt as string)) return;
      interrupted = true;
      child.kill("SIGINT");
    });
    child.stderr.on("data", (data) => {
      stderr += data;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

const weightsIn = (out: string) => readFileSync(join(out, "forecaster.weights.h5"));
const tableOf = ({ stdout }: Ending) => stdout.slice(stdout.indexOf("error "), stdout.indexOf("weights "));

describe("the training example", () => {
  const whole = join(folder, "whole");
  let first: Ending;

  it("trains, tests against both baselines, and writes weights and plots", async () => {
    first = await train([...TINY, "--out", whole]);
    expect([first.code, first.stderr]).toEqual([0, ""]);
    for (const line of [/^epoch {2}8 {2}training \d\.\d{4} {2}validation/m, /^trained 8 epochs, \d+ steps/m]) {
      expect(first.stdout).toMatch(line);
    }
    const table = tableOf(first);
    for (const name of ["GRU", "same hour yesterday", "last known hour"]) {
      expect(table).toMatch(new RegExp(`${name} +\\d\\.\\d{3} +\\d\\.\\d{3}$`, "m"));
    }
    expect(readdirSync(whole).sort()).toEqual(["checkpoint", "forecast.svg", "forecaster.weights.h5", "losses.svg"]);
    for (const name of ["forecast.svg", "losses.svg"]) expect(readFileSync(join(whole, name), "utf8")).toMatch(/^<svg/);
  });

  it.skipIf(process.platform === "win32")("saves at Ctrl-C, and goes on as if nothing had been", async () => {
    const out = join(folder, "halves");
    const stopped = await train([...TINY, "--out", out], "epoch  1");
    expect([stopped.code, stopped.stderr]).toEqual([130, ""]);
    expect(stopped.stdout).toMatch(/^stopped after \d+ of \d+ steps/m);
    expect(readdirSync(out)).toEqual(["checkpoint"]);
    const resumed = await train([...TINY, "--out", out]);
    expect([resumed.code, resumed.stderr]).toEqual([0, ""]);
    expect(resumed.stdout).toMatch(/^resumed at step \d+ of \d+/m);
    expect(tableOf(resumed)).toBe(tableOf(first));
    expect(weightsIn(out)).toEqual(weightsIn(whole));
  });

  it("refuses to go on with other settings, and begins anew when asked", async () => {
    const other = [...TINY, "--seed", "4", "--out", whole];
    const refused = await train(other);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("Use these, or --fresh.");
    const before = weightsIn(whole);
    const fresh = await train([...other, "--fresh"]);
    expect([fresh.code, fresh.stderr]).toEqual([0, ""]);
    expect(fresh.stdout).not.toContain("resumed");
    expect(weightsIn(whole)).not.toEqual(before);
  });

  it("says what is wrong with its arguments", async () => {
    const { code, stdout, stderr } = await train(["--epochs", "none"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(
      "--epochs (passes over the training windows, at most) must be a number of at least 1, not none",
    );
    expect((await train(["--help"])).stdout).toContain("--patience 5");
  });
});

/** A Python with Keras, as CONTRIBUTING.md sets it up. */
const python = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));

describe.skipIf(!existsSync(python))("real Keras (skipped where .venv has none)", () => {
  it("opens the weights and forecasts the same", async () => {
    const out = join(folder, "keras");
    const { code, stdout } = await train([...TINY, "--out", out]);
    expect(code).toBe(0);
    const script = fileURLToPath(new URL("../../examples/train-weather/open_in_keras.py", import.meta.url));
    const args = [script, join(out, "forecaster.weights.h5"), "--units", "3"];
    const printed = execFileSync(python, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    expect(/GRU +(\d\.\d{3})/.exec(printed)?.[1]).toBe(/GRU {2,}(\d\.\d{3})/.exec(stdout)?.[1]);
    expect(printed).toMatch(/^GRU \d/m);
  });
});
