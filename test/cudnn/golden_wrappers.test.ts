import { beforeAll, describe, expect, it } from "vitest";
import { TOLERANCE } from "../golden/reader.js";
import { goldenWrappers } from "../golden/wrappers.js";
import { reportOf, titled, withoutDoubles } from "./doubles.js";
import { computes, drawsDropout, isOneCall } from "./one_call.js";
import type { GoldenWrappersReport } from "./programs/golden_wrappers.js";

const cases = goldenWrappers().filter((golden) => !drawsDropout(golden));

describe.skipIf(withoutDoubles)(titled("golden data of wrappers on the cuDNN path, on doubles", withoutDoubles), () => {
  let report: GoldenWrappersReport;

  beforeAll(async () => {
    report = await reportOf<GoldenWrappersReport>("golden_wrappers");
    const passes = cases.filter(({ gradients }) => gradients !== undefined);
    console.log(
      `golden data of wrappers: ${cases.length} cases, of which one cuDNN call covers ${cases.filter(isOneCall).length}; ` +
        `${passes.length} passes, of which one forward and two backward calls cover ${passes.filter(isOneCall).length}`,
    );
  });

  it("has cases of stacks and Bidirectionals, in every dtype, that one call covers", () => {
    const covered = cases.filter(isOneCall).map(({ group, tolerance }) => `${group} ${tolerance}`);
    expect(new Set(covered)).toEqual(
      new Set([
        ...["float32", "float64"].flatMap((dtype) => [
          `bidirectional ${dtype}`,
          `stateful_bidirectional ${dtype}`,
          `bidirectional_gradients ${dtype}`,
        ]),
        ...["float16", "bfloat16"].map((dtype) => `bidirectional_dtypes ${dtype}`),
        ...["float32", "float64", "float16", "bfloat16"].map((dtype) => `one_call_stacks ${dtype}`),
      ]),
    );
  });

  it("explain() says of exactly these that they are one call", () => {
    const wrong = cases.filter(
      (golden) =>
        report[golden.name]?.explained !== isOneCall(golden) &&
        golden.calls.every(({ inputs }) => inputs.shape.every((size) => size > 0)),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it.each(cases.map((golden) => [golden.name, golden] as const))("%s", (name, golden) => {
    const found = report[name];
    const tolerance = TOLERANCE[golden.tolerance];
    expect(found?.forward).toBeLessThanOrEqual(tolerance);
    if (isOneCall(golden)) expect(found?.launches).toBe(computes(golden) ? 1 : 0);
    if (golden.gradients === undefined) return;
    expect(found?.pass?.results).toBeLessThanOrEqual(tolerance);
    expect(found?.pass?.gradients).toBeLessThanOrEqual(tolerance);
    if (isOneCall(golden)) expect(found?.pass?.launches).toBe(computes(golden) ? 3 : 0);
  });
});
