import { beforeAll, describe, expect, it } from "vitest";
import { reportOf, titled, withoutDoubles } from "./doubles.js";
import type { SteadyReport } from "./programs/steady.js";

describe.skipIf(withoutDoubles)(titled("a warm layer on the cuDNN path, on doubles", withoutDoubles), () => {
  let report: SteadyReport;

  beforeAll(async () => {
    report = await reportOf<SteadyReport>("steady");
  });

  /** The calls that cost time or memory; contexts are set and given back besides. */
  function work(calls: Record<string, number>): Record<string, number> {
    return Object.fromEntries(Object.entries(calls).filter(([name]) => !name.startsWith("cuCtx")));
  }

  it("a call allocates nothing, makes no descriptor, copies once each way and synchronises once", () => {
    expect(work(report.call)).toEqual({
      cuMemcpyHtoDAsync_v2: 1,
      cuGraphLaunch: 1,
      kernel: 1,
      cuMemcpyDtoHAsync_v2: 1,
      cuStreamSynchronize: 1,
    });
  });

  it("an initial state goes with the inputs", () => {
    expect(work(report.withState)).toEqual(work(report.call));
  });

  it("an asynchronous call waits asleep, a synchronous one awake", () => {
    expect(report.waits).toEqual({ call: { spinning: 1 }, callAsync: { blocking: 1 } });
  });

  it("other lengths set the descriptors they change, and make none", () => {
    // The graphs of the other lengths, without an initial state and with one, are gone.
    const { cuGraphLaunch: _, ...rest } = work(report.call);
    expect(work(report.lengths)).toEqual({
      ...rest,
      cudnnRNNForward: 1,
      cuGraphExecDestroy: 2,
      cudnnSetRNNDataDescriptor: 2,
      cudnnGetRNNTempSpaceSizes: 1,
    });
  });

  it("a forward and backward synchronise once each", () => {
    const { cuStreamSynchronize, cuGraphLaunch } = report.training;
    expect([cuStreamSynchronize, cuGraphLaunch]).toEqual([2, 2]);
    const { cuMemcpyHtoDAsync_v2, cuMemcpyDtoHAsync_v2 } = report.training;
    expect([cuMemcpyHtoDAsync_v2, cuMemcpyDtoHAsync_v2]).toEqual([2, 2]);
    expect(Object.keys(report.training).filter((name) => /Alloc|Free|Create|Destroy/.test(name))).toEqual([]);
  });

  it("1,000 calls later it holds what it held", () => {
    expect(report.later).toEqual(report.warm);
  });

  it("24 calls in flight give what each gives alone", () => {
    expect(report.wrongInFlight).toBe(0);
  });

  it("40 shapes in turn take bounded memory", () => {
    expect(report.manyShapes.bytes).toBeLessThanOrEqual(3 * report.manyShapes.largest);
  });

  it("a disposed layer leaves no memory and no descriptor", () => {
    const { device, pinned, living } = report.disposed;
    expect([device, pinned]).toEqual([0, 0]);
    const left = Object.keys(living).filter((name) => !/primary_contexts|handles|streams|events/.test(name));
    expect(left).toEqual([]);
  });

  it("memoryUsage() says what the device holds", () => {
    for (const { device, pinned, living } of [report.warm, report.later]) {
      expect(device).toBe(living["live.device_bytes"]);
      expect(pinned).toBe(living["live.pinned_bytes"]);
    }
  });

  it("TF32 is off, on when allowed, and for float32 alone", () => {
    expect(report.tf32.float32).toBeGreaterThan(1e-5);
    expect(report.tf32.float32).toBeLessThan(1e-2);
    expect(report.tf32.float64).toBe(0);
  });
});
