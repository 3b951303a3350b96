import { beforeAll, describe, expect, it } from "vitest";
import { TOLERANCE } from "../golden/reader.js";
import { reportOf, titled, withoutDoubles } from "./doubles.js";
import type { StacksReport } from "./programs/stacks.js";

describe.skipIf(withoutDoubles)(titled("stacks in one cuDNN call, on doubles", withoutDoubles), () => {
  let report: StacksReport;

  beforeAll(async () => {
    report = await reportOf<StacksReport>("stacks");
  });

  it("return what the CPU returns, forward and backward, for every merge, output and kind of lengths", () => {
    expect(report.stacks).toHaveLength(4 + 20 + 20);
    for (const { name, forward, gradients } of report.stacks) {
      const tolerance = name.includes("float64") ? TOLERANCE.float64 : TOLERANCE.float32;
      expect(forward, name).toBeLessThanOrEqual(tolerance);
      expect(gradients, name).toBeLessThanOrEqual(tolerance);
    }
  });

  it("are one call of each function: forward, and backward to data and to weights", () => {
    expect(new Set(report.stacks.map(({ launches }) => launches))).toEqual(new Set([3]));
  });

  it("leave nothing behind", () => {
    expect(report.leaks).toEqual([]);
  });
});
