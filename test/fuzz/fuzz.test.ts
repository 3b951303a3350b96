import { describe, expect, it, vi } from "vitest";
import { Findings } from "./findings.js";
import { Random } from "./random.js";
import { supervise } from "./supervisor.js";

describe("the fuzzer", () => {
  it("makes the same choices for the same seed and case, and others for others", () => {
    const choices = (seed: number, index: number) => {
      const random = new Random(seed, index);
      return random.list(20, () => random.below(1000)).join();
    };
    expect(choices(1, 2)).toBe(choices(1, 2));
    expect(new Set([choices(1, 2), choices(1, 3), choices(2, 2), choices(2, 1)]).size).toBe(4);
  });

  it("finds foreign errors, crashes, hangs and unhandled rejections, names the case, and goes on", async () => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => {});
    const findings = new Findings(false);
    const plan = {
      target: "planted",
      seed: 3,
      firstCase: 0,
      cases: 6,
      seconds: 60,
      environment: {},
      patience: 5,
      verbose: false,
    };
    const ran = await supervise(plan, findings);
    printed.mockRestore();
    expect(
      findings.all().map(({ symptom, case: index, step }) => [symptom.split(/[:(]/)[0]?.trim(), index, step]),
    ).toEqual([
      ["foreign error", 1, "planted: foreign"],
      ["crash", 2, "planted: abort"],
      ["hang", 3, "planted: hang"],
      ["unhandled rejection", 4, "planted: rejection"],
    ]);
    // Of the last process; what others had counted went with them.
    expect(ran.outcomes.ERR_ARGUMENT).toBeGreaterThan(0);
  });
});
