import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { readArguments, resolveThreads } from "../../bench/arguments.js";

let stderr: MockInstance;

beforeEach(() => {
  stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
});

afterEach(() => {
  stderr.mockRestore();
});

describe("readArguments", () => {
  it("measures everything but the curves by default, with one thread and with all", () => {
    const args = readArguments([]);
    expect(args.parts).toEqual(["inference", "training", "stacks", "sixteen-bit", "models", "orthogonal"]);
    expect(args.threads).toEqual([1, "all"]);
    expect(args.rounds).toEqual([21, 11]);
    expect(args.sampleMs).toBe(40);
    expect(args.shapes).toHaveLength(11);
    expect(args).toMatchObject({ peers: null, json: null, curves: null, report: null, quick: false });
  });

  it("makes a quick run short, unless told how long", () => {
    expect(readArguments(["--quick"])).toMatchObject({ quick: true, threads: [1], rounds: [3], sampleMs: 5 });
    expect(readArguments(["--quick"]).shapes).toHaveLength(3);
    expect(readArguments(["--quick", "--shapes", "2x2x2-2"]).shapes).toHaveLength(1);
    expect(readArguments(["--quick", "--rounds", "4", "--sample-ms", "9"])).toMatchObject({ rounds: [4], sampleMs: 9 });
  });

  it("measures curves when they are to be drawn, or alone", () => {
    expect(readArguments(["--curves", "a.svg"])).toMatchObject({
      parts: ["inference", "training", "stacks", "sixteen-bit", "models", "orthogonal", "curves"],
      curves: "a.svg",
    });
    expect(readArguments(["--only", "curves"])).toMatchObject({ parts: ["curves"], curves: null });
  });

  it("takes --json with and without a file, and --record as its older name", () => {
    expect(readArguments(["--json"]).json).toBe(true);
    expect(readArguments(["--json", "a.json"]).json).toBe("a.json");
    expect(readArguments(["--record", "b.json"]).json).toBe("b.json");
  });

  it("reads lists", () => {
    const args = readArguments(["--shapes", "1x2x3-4,5x6x7-8", "--peers", "eigen,onednn", "--threads", "all,2"]);
    expect(args.shapes).toEqual([
      { batch: 1, timesteps: 2, features: 3, units: 4 },
      { batch: 5, timesteps: 6, features: 7, units: 8 },
    ]);
    expect(args.peers).toEqual(["eigen", "onednn"]);
    expect(args.threads).toEqual(["all", 2]);
    expect(readArguments(["--peers", "none"]).peers).toEqual([]);
  });

  it.each([
    [["--peers", "eigen,torch"], "Expected onnxruntime, onednn, eigen"],
    [["--shapes", "1x2-3"], "Expected a shape such as 32x100x128-256"],
    [["--shapes", "999999x999999x9-9"], "Expected at most 536870912 numbers"],
    [["--shapes", "1x1x1-99999999999999999999"], "Expected at most 536870912 numbers"],
    [["--threads", "0"], "Expected a positive integer"],
    [["--threads", "9999"], 'Expected "all" or at most 1024 threads'],
    [["--rounds", "2.5"], "Expected a positive integer"],
    [["--only", "everything"], "Expected inference, training, stacks, sixteen-bit, models, orthogonal, curves"],
    [["--fast"], "unknown option '--fast'"],
    [["more"], "too many arguments"],
    [["--speed", "a.svg", "--only", "training"], "needs the part inference"],
    [["--speed", "a.svg", "--threads", "2,all"], "needs a run with one thread"],
    [["--speed", "a.svg", "--peers", "tfjs,eigen"], "needs the peers onnxruntime, keras"],
  ])("refuses %j", (args, message) => {
    expect(() => readArguments(args)).toThrow(expect.objectContaining({ exitCode: 1 }));
    expect(stderr.mock.calls.join("")).toContain(message);
  });
});

it("--speed of a record needs nothing else", () => {
  const args = ["--report", "a.json", "--speed", "a.svg", "--only", "training"];
  expect(readArguments(args)).toMatchObject({ report: "a.json", speed: "a.svg" });
  expect(readArguments(["--speed", "a.svg"])).toMatchObject({ report: null, speed: "a.svg" });
});

describe("resolveThreads", () => {
  it("runs each number once", () => {
    expect(resolveThreads([1, "all"], 4)).toEqual([1, 4]);
    expect(resolveThreads([1, "all"], 1)).toEqual([1]);
    expect(resolveThreads(["all", 2, 2], 2)).toEqual([2]);
  });
});
