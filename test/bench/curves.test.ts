import { describe, expect, it } from "vitest";
import { steepestCliff, worstUnaligned } from "../../bench/curves/findings.js";
import { planCurves, pointAt } from "../../bench/curves/plan.js";
import { drawCurves } from "../../bench/curves/plot.js";
import type { Axis, BenchRecord, CurveRecord } from "../../bench/record.js";

const base = { batch: 1, timesteps: 50, features: 32, units: 64 };

/** A curve through the points [size, nanoseconds of each round]. */
function curve(axis: Axis, ...points: [number, ...number[]][]): CurveRecord {
  const at = (size: number) =>
    axis === "threads" ? { shape: base, threads: size } : { shape: { ...base, [axis]: size }, threads: 1 };
  return {
    axis,
    series: "batch 1",
    points: points.map(([size, ...nanoseconds]) => ({ ...at(size), calls: 1, nanoseconds })),
  };
}

describe("planCurves", () => {
  const plans = planCurves(4, false);

  it("covers every axis, sizes rising", () => {
    expect(new Set(plans.map(({ axis }) => axis))).toEqual(
      new Set(["batch", "timesteps", "units", "features", "threads"]),
    );
    for (const { sizes } of plans) expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b));
  });

  it("has all units up to 70 and the multiples of 16 above them", () => {
    const units = plans.find(({ axis }) => axis === "units");
    expect(units?.sizes.slice(0, 70)).toEqual(Array.from({ length: 70 }, (_, i) => i + 1));
    expect(units?.sizes).toContain(80);
    expect(units?.sizes.at(-1)).toBe(1024);
  });

  it("varies one size", () => {
    const [units, threads] = ["units", "threads"].map((axis) => plans.find((plan) => plan.axis === axis)!);
    expect(pointAt(units!, 7)).toEqual({ shape: { ...units!.base, units: 7 }, threads: 1 });
    expect(pointAt(threads!, 3)).toEqual({ shape: threads!.base, threads: 3 });
  });
});

describe("worstUnaligned", () => {
  it("sets units beside the next multiple of 16, by the least of the rounds", () => {
    const found = worstUnaligned(curve("units", [15, 130, 900], [16, 100, 500], [17, 190, 190], [32, 200, 200]));
    expect(found).toEqual({ size: 15, against: 16, ratio: 1.3 });
  });

  it("looks at no units above 70 and at no other axis", () => {
    expect(worstUnaligned(curve("units", [71, 900], [80, 100]))).toBeNull();
    expect(worstUnaligned(curve("features", [15, 900], [16, 100]))).toBeNull();
  });
});

describe("steepestCliff", () => {
  it("finds less work that takes longer, wherever the larger size is", () => {
    expect(steepestCliff(curve("batch", [1, 10], [3, 60], [4, 50], [5, 40], [6, 90]))).toEqual({
      size: 3,
      against: 5,
      ratio: 1.5,
    });
  });

  it("needs two points", () => {
    expect(steepestCliff(curve("batch", [1, 10]))).toBeNull();
  });
});

describe("drawCurves", () => {
  const machine = { cpu: "some CPU", cpus: 2, usableCpus: 2, isa: "avx512", memoryGiB: 1, os: "Linux", node: "v20" };
  const record: BenchRecord = {
    format: 2,
    date: "2026-01-01",
    machine,
    sampleMs: 40,
    runs: [],
    models: null,
    curves: [],
  };

  it("draws time and rate for every axis", async () => {
    const curves = [curve("units", [1, 10], [2, 12], [4, 20]), curve("threads", [1, 10], [2, 12])];
    const svg = await drawCurves({ ...record, curves });
    expect(svg).toMatch(/^<svg/);
    for (const title of ["µs a call over units", "GFLOP/s over units", "µs a call over threads", "some CPU"]) {
      expect(svg).toContain(title);
    }
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  it("refuses a record without curves", async () => {
    await expect(drawCurves(record)).rejects.toThrow(RangeError);
  });
});
