import { beforeAll, describe, expect, it } from "vitest";
import { reportOf, titled, withoutDoubles } from "./doubles.js";
import type { TransfersReport } from "./programs/transfers.js";

describe.skipIf(withoutDoubles)(titled("copies to and from the device, on doubles", withoutDoubles), () => {
  let report: TransfersReport;

  beforeAll(async () => {
    report = await reportOf<TransfersReport>("transfers");
  });

  it("9 MB come back in three pieces, each waited for alone, and the states after them", () => {
    expect(report.large).toEqual({
      cuMemcpyHtoDAsync_v2: 3,
      cuMemcpyDtoHAsync_v2: 3 + 1,
      cuEventRecord: 3,
      cuEventSynchronize: 3,
      cuStreamSynchronize: 1,
    });
  });

  it("so do the gradients of 9 MB of inputs", () => {
    const { cuMemcpyDtoHAsync_v2, cuEventSynchronize } = report.training;
    expect([cuMemcpyDtoHAsync_v2, cuEventSynchronize]).toEqual([2 * (3 + 1), 2 * 3]);
  });

  it("threads change no bit", () => {
    expect(report.same).toBe(true);
    expect(report.error).toBeLessThanOrEqual(1e-4);
  });

  it("rows are padded to the longest, not to the call's timesteps", () => {
    const { toDevice, toHost, inputs, outputs, error } = report.padded;
    expect(error).toBeLessThanOrEqual(1e-5);
    // States and alignment are small.
    expect(toDevice).toBeGreaterThanOrEqual(inputs);
    expect(toDevice).toBeLessThan(inputs + 1024);
    expect(toHost).toBeGreaterThanOrEqual(outputs);
    expect(toHost).toBeLessThan(outputs + 1024);
  });
});
