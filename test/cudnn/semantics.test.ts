import { beforeAll, describe, expect, it } from "vitest";
import { reportOf, titled, withoutDoubles } from "./doubles.js";
import type { HalvesReport } from "./programs/halves.js";
import type { SemanticsReport } from "./programs/semantics.js";

describe.skipIf(withoutDoubles)(titled("results on the cuDNN path, on doubles", withoutDoubles), () => {
  let report: SemanticsReport;

  beforeAll(async () => {
    report = await reportOf<SemanticsReport>("semantics", { double: { devices: 2 } });
  });

  it("every form of call gives what the CPU path gives, whatever lies in the padding", () => {
    expect(Object.keys(report.forward)).toHaveLength(48);
    for (const [form, error] of Object.entries(report.forward)) expect(error, form).toBeLessThanOrEqual(1e-12);
  });

  it("requests that a batcher combined get what each gets alone", () => {
    expect(Object.keys(report.batched)).toHaveLength(48);
    for (const [form, error] of Object.entries(report.batched)) expect(error, form).toBeLessThanOrEqual(1e-12);
  });

  it("gradients of every form are those of finite differences", () => {
    expect(Object.keys(report.gradients)).toHaveLength(48);
    for (const [form, error] of Object.entries(report.gradients)) expect(error, form).toBeLessThanOrEqual(1e-8);
  });

  it("more than 65,535 steps run in chunks, forward and backward", () => {
    expect(report.long.forward).toBeLessThanOrEqual(1e-12);
    expect(report.long.gradients).toBeLessThanOrEqual(1e-7);
  });

  it("layers of one thread use different devices", () => {
    expect(report.devices).toBeLessThanOrEqual(1e-5);
  });

  it("a stateful layer carries its state, and a failed or aborted call leaves it", () => {
    expect(report.stateful.error).toBeLessThanOrEqual(1e-5);
    expect(report.stateful.kept).toBe(true);
  });
});

describe.skipIf(withoutDoubles)(titled("16-bit types on the cuDNN path, on doubles", withoutDoubles), () => {
  it("give what the CPU path gives, in values of the type", async () => {
    const report = await reportOf<HalvesReport>("halves");
    for (const [dtype, tolerance] of Object.entries({ float16: 4e-3, bfloat16: 3e-2 })) {
      const found = report[dtype];
      expect(found?.met, dtype).toBe(true);
      expect(found?.forward, dtype).toBeLessThanOrEqual(tolerance);
      expect(found?.gradients, dtype).toBeLessThanOrEqual(tolerance);
      expect(found?.rounded, dtype).toBe(true);
      expect(found?.bits, dtype).toBe(true);
    }
  });

  it.each([
    ["a GPU before 8.0", { compute: 75 }, /8\.0/],
    ["cuDNN before 9.13", { cudnn: 91200 }, /9\.13/],
  ])("bfloat16 is refused on %s, and float16 is not", async (_name, double, says) => {
    const { float16, bfloat16 } = await reportOf<HalvesReport>("halves", { double });
    expect(float16?.met).toBe(true);
    expect(bfloat16?.met).toBe(false);
    expect(bfloat16?.detail).toMatch(says);
  });
});
