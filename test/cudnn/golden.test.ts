import { beforeAll, describe, expect, it } from "vitest";
import { goldenCases, TOLERANCE } from "../golden/reader.js";
import { reportOf, titled, withoutDoubles } from "./doubles.js";
import { eligible } from "./eligible.js";
import type { GoldenReport } from "./programs/golden.js";

const cases = goldenCases().filter(eligible);

describe.skipIf(withoutDoubles)(titled("golden data on the cuDNN path, on doubles", withoutDoubles), () => {
  let report: GoldenReport;

  beforeAll(async () => {
    report = await reportOf<GoldenReport>("golden");
    const withGradients = Object.values(report.cases).filter(({ gradients }) => gradients !== null);
    console.log(
      `golden data on the cuDNN path: ${Object.keys(report.cases).length} cases forward, ` +
        `${withGradients.length} of them backward`,
    );
  });

  it("explain() sends exactly the eligible cases to cuDNN", () => {
    expect(report.misjudged).toEqual([]);
    expect(Object.keys(report.cases)).toEqual(cases.map(({ name }) => name));
  });

  it.each(cases.map((golden) => [golden.name, golden] as const))("%s", (name, golden) => {
    const found = report.cases[name];
    expect(found?.error).toBeLessThanOrEqual(TOLERANCE[golden.dtype]);
    if (golden.gradients) expect(found?.gradients).toBeLessThanOrEqual(TOLERANCE[golden.dtype]);
  });
});
