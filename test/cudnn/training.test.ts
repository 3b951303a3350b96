import { describe, expect, it } from "vitest";
import { reportOf, titled, withoutDoubles } from "./doubles.js";
import type { TrainingReport } from "./programs/training.js";

describe.skipIf(withoutDoubles)(titled("training on the cuDNN path, on doubles", withoutDoubles), () => {
  it("gives what training on the CPU path gives: losses, weights and slots of ten steps", async () => {
    const report = await reportOf<TrainingReport>("training");
    expect(Object.keys(report)).toHaveLength(12);
    for (const [form, { weights, losses, moved }] of Object.entries(report)) {
      expect(weights, form).toBeLessThanOrEqual(1e-12);
      expect(losses, form).toBeLessThanOrEqual(1e-12);
      expect(moved, form).toBe(true);
    }
    const worst = Math.max(...Object.values(report).map(({ weights }) => weights));
    console.log(`${Object.keys(report).length} ways of training, worst difference ${worst.toExponential(2)}`);
  });
});
