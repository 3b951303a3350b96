import { describe, expect, it } from "vitest";
import { parseShape } from "../../bench/shapes.js";
import { deviationOfRows, largestDifference, pairwise, scaleOf, spreadOf } from "../../bench/statistics.js";

describe("spreadOf", () => {
  it("gives the middle of an odd number of values, and the mean of the two middle ones of an even number", () => {
    expect(spreadOf([30, 2, 10])).toEqual({ median: 10, min: 2, max: 30 });
    expect(spreadOf([8, 2, 100, 4])).toEqual({ median: 6, min: 2, max: 100 });
  });

  it("leaves its argument as it is", () => {
    const values = [3, 1, 2];
    spreadOf(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

it("pairwise combines what was measured in the same round", () => {
  expect(pairwise([6, 9], [2, 3], (a, b) => a / b)).toEqual([3, 3]);
});

describe("largestDifference", () => {
  it("is absolute", () => {
    expect(largestDifference(Float32Array.of(1, -2), Float32Array.of(1.5, -2.25))).toBe(0.5);
  });

  it("is infinite where something is missing or no number", () => {
    expect(largestDifference(Float32Array.of(1), Float32Array.of(1, 1))).toBe(Number.POSITIVE_INFINITY);
    expect(largestDifference(Float32Array.of(Number.NaN, 1), Float32Array.of(1, 1))).toBe(Number.POSITIVE_INFINITY);
  });
});

it("scaleOf is the greatest magnitude, but at least 1", () => {
  expect(scaleOf(Float32Array.of(3, -8))).toBe(8);
  expect(scaleOf(Float32Array.of(0.5))).toBe(1);
});

describe("deviationOfRows", () => {
  it("is zero for orthonormal rows", () => {
    expect(deviationOfRows(Float32Array.of(1, 0, 0, 0, 0, 1), 2, 3)).toBe(0);
  });

  it("sees a wrong length, rows that are not orthogonal, and what is no number", () => {
    expect(deviationOfRows(Float32Array.of(2, 0, 0, 1), 2, 2)).toBe(3);
    expect(deviationOfRows(Float32Array.of(1, 0, 0.5, 1), 2, 2)).toBe(0.5);
    expect(deviationOfRows(Float32Array.of(1, 0, 0, Number.NaN), 2, 2)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("parseShape", () => {
  it("reads both spellings", () => {
    const shape = { batch: 32, timesteps: 100, features: 128, units: 256 };
    expect(parseShape("32x100x128-256")).toEqual(shape);
    expect(parseShape("32×100×128→256")).toEqual(shape);
  });

  it.each(["", "1x2x3", "0x1x1-1", "1x1x1-1x", "1x1x1x1"])("refuses %j", (text) => {
    expect(() => parseShape(text)).toThrow(RangeError);
  });
});
