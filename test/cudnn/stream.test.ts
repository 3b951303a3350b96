import { beforeAll, describe, expect, it } from "vitest";
import { reportOf, titled, withoutDoubles } from "./doubles.js";
import type { StreamReport } from "./programs/stream.js";

describe.skipIf(withoutDoubles)(titled("a stream on the cuDNN path, on doubles", withoutDoubles), () => {
  let report: StreamReport;

  beforeAll(async () => {
    report = await reportOf<StreamReport>("stream");
  });

  it("gives what a call with the whole sequence gives, in its own tensor and in `out`", () => {
    expect(report.error).toBeLessThanOrEqual(1e-5);
    expect(report.same).toBe(true);
    expect(report.sameByStep).toBe(true);
    expect(report.blockError).toBeLessThanOrEqual(1e-5);
  });

  it("a warm step, and a block of frames, launches once, synchronises once, makes and allocates nothing", () => {
    expect(report.step).toMatchObject({ cudnnRNNForward: 1, cuStreamSynchronize: 1 });
    expect(Object.keys(report.step).filter((name) => /Alloc|Free|Create|Destroy/.test(name))).toEqual([]);
    expect(report.block).toMatchObject({ cudnnRNNForward: 1, cuStreamSynchronize: 1 });
  });

  it('stays on the CPU with use_cudnn: "auto"', () => {
    expect(report.auto).toEqual({});
  });

  it("a step that the device fails leaves the state", () => {
    expect(report.code).toBe("ERR_CUDNN");
    expect(report.recovered).toBe(true);
  });
});
