// The programs beside `npm run bench` say what they take, and refuse what they do not understand before they measure.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Unavailable } from "../../bench/contender.js";
import { chosenModels } from "../../bench/models/measure.js";
import {
  readBesideShapes,
  readConcurrencyArguments,
  readEventLoopSeconds,
  readHalfArguments,
  readModelsArguments,
} from "../../bench/program_arguments.js";
import { parseShape } from "../../bench/shapes.js";

const written: string[] = [];

beforeEach(() => {
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, "write").mockImplementation((text) => written.push(String(text)) > 0);
  }
  vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  written.length = 0;
});

const ISAS = ["reference", "avx2"];
const one = [parseShape("1x1x1-1")];
const readers = {
  half: (args: string[]) => readHalfArguments(args, ISAS),
  beside: (args: string[]) => readBesideShapes(args, one),
  models: (args: string[]) => readModelsArguments(args),
  concurrency: (args: string[]) => readConcurrencyArguments(args, one),
  event_loop: (args: string[]) => readEventLoopSeconds(args),
} as const;

describe("the command lines", () => {
  it("have defaults", () => {
    expect(readers.half([])).toEqual({ kernels: [], threads: 1 });
    expect(readers.beside([])).toBe(one);
    expect(readers.models([])).toEqual({ rounds: 11, sampleMs: 40, threads: [1], batches: [1, 64] });
    expect(readers.concurrency([])).toEqual({ seconds: 2, shapes: one });
    expect(readers.event_loop([])).toBe(10);
  });

  it("are read", () => {
    expect(readers.half(["avx2", "reference", "--threads", "2"])).toEqual({
      kernels: ["avx2", "reference"],
      threads: 2,
    });
    expect(readers.beside(["1x2x3-4", "5x6x7-8"])).toEqual([parseShape("1x2x3-4"), parseShape("5x6x7-8")]);
    expect(readers.models(["--threads", "1,all", "--batches", "2", "--models", "tagger, denoiser"])).toMatchObject({
      threads: [1, "all"],
      batches: [2],
      models: ["tagger", "denoiser"],
    });
    expect(readers.concurrency(["0.5", "1x2x3-4"])).toEqual({ seconds: 0.5, shapes: [parseShape("1x2x3-4")] });
    expect(readers.event_loop(["3"])).toBe(3);
  });

  it.each(Object.entries(readers))("%s has help", (_, read) => {
    expect(() => read(["--help"])).toThrow("exit 0");
    expect(written.join("")).toMatch(/^Usage: .*/);
  });

  it.each([
    ["half", ["avx"], "Expected reference, avx2."],
    ["half", ["--threads", "x"], "Expected a positive integer."],
    ["beside", ["1x2-3"], "Expected a shape such as 32x100x128-256"],
    ["models", ["--threads", "none"], "Expected a positive integer."],
    ["models", ["--batches", "0"], "Expected a positive integer."],
    ["models", ["--rounds", "-1"], "Expected a positive integer."],
    ["concurrency", ["soon"], "Expected a positive number of seconds."],
    ["concurrency", ["1", "soon"], "Expected a shape"],
    ["event_loop", ["0"], "Expected a positive number of seconds."],
    ["event_loop", ["1", "2"], "too many arguments"],
  ] as const)("%s refuses %j", (name, args, message) => {
    expect(() => readers[name]([...args])).toThrow("exit 1");
    expect(written.join("")).toContain(message);
  });
});

it("bench:models names the models where one is unknown", () => {
  const models = ["a", "b"].map((name) => ({ name })) as Parameters<typeof chosenModels>[0];
  expect(chosenModels(models, null)).toEqual(models);
  expect(chosenModels(models, ["b"])).toEqual([{ name: "b" }]);
  expect(() => chosenModels(models, ["c"])).toThrow(
    new Unavailable('Expected names of models (a, b) but received "c"'),
  );
});

describe.each(["stack", "activations"])("bench/%s.mjs", (name) => {
  const program = fileURLToPath(new URL(`../../bench/${name}.mjs`, import.meta.url));
  const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });

  it("has help", () => {
    expect(run("--help")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`node bench/${name}.mjs [--rounds`),
    });
  });

  it.each([
    [["--round", "2"], "Unknown option '--round'"],
    [["--rounds", "few"], 'Expected a positive integer for --rounds, got "few"'],
    [name === "stack" ? ["1x2-3"] : ["--shapes", "1x2-3"], 'got "1x2-3"'],
  ])("refuses %j", (args, message) => {
    const { status, stdout, stderr } = run(...args);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("    at ");
  });
});
