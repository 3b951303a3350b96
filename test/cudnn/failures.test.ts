import { describe, expect, it } from "vitest";
import { reportOf, titled, withoutDoubles } from "./doubles.js";
import type { FailuresReport } from "./programs/failures.js";
import type { InfoReport } from "./programs/info.js";
import type { StickyReport } from "./programs/sticky.js";

const NO_KERNEL = "err 209 no kernel image is available for execution on the device != cudaSuccess";
const NO_MEMORY = "err 2 out of memory != cudaSuccess :: cudaLibraryLoadData(&library, code)";

/** Faults that may pass: a title, the fault for the double, the function that fails, and the message. */
const TRANSIENT: [string, string, string, RegExp][] = [
  ["a full device", "cudnnCreate 1 999 1001", "cudnnCreate", /1001.*memory is full: \d+ of 1024 MiB/],
  ["a device in exclusive mode", "cuDevicePrimaryCtxRetain 1 999 46", "cuDevicePrimaryCtxRetain", /\(46\).*exclusive/],
  ["a driver that is busy", "cuInit 1 999 46", "cuInit", /exclusive mode/],
  ["kernels for which there is no memory", `cudnnRNNForward 1 999 5003 ${NO_MEMORY}`, "cudnnRNNForward", /err 2/],
  ["cuBLASLt without memory", "cudnnRNNForward 1 999 5002", "cudnnRNNForward", /5002/],
  ["memory named by another status", `cudnnRNNForward 1 999 5000 ${NO_MEMORY}`, "cudnnRNNForward", /err 2/],
];

const PERMANENT: [string, string, RegExp][] = [
  ["a failing call", "cudnnRNNForward 1 999 5000", /5000/],
  ["kernels that are not there", `cudnnRNNForward 1 999 5003 ${NO_KERNEL}`, /err 209/],
  ["a version mismatch", "cudnnCreate 1 999 1002", /1002/],
];

describe.skipIf(withoutDoubles)(titled("failures told apart, on doubles", withoutDoubles), () => {
  it.each(TRANSIENT)("%s is asked again after a second, and no sooner", async (name, fault, asks, says) => {
    const report = await reportOf<FailuresReport>("failures", { args: [fault], faults: fault });
    // A call frees caches and tries again, inference in shorter chunks too; another call within the second asks nothing.
    expect(report.asked[asks]).toBeGreaterThan(0);
    expect(report.askedSoon).toEqual({});
    expect(report.askedLater[asks]).toBeGreaterThan(0);
    expect(report.askedLater[asks]).toBeLessThanOrEqual(8);
    expect(report.first.met, name).toBe(false);
    expect(report.detail).toMatch(says);
    expect(report.works).toBe(true);
  });

  it.each(PERMANENT)("%s is final", async (_name, fault, says) => {
    const report = await reportOf<FailuresReport>("failures", { args: [fault] });
    expect(report.detail).toMatch(says);
    expect([report.askedSoon, report.askedLater]).toEqual([{}, {}]);
    expect(report.works).toBe(false);
  });

  it("what cannot be tried for want of memory is tried after a second; the runtime is met all the same", async () => {
    // The standard algorithm's call is the first. Thirty more: two tries of 3, 2 and 1 timesteps of two algorithms in both
    // layouts, and of CUDA graphs.
    const args = [`cudnnRNNForward 2 30 5003 ${NO_MEMORY}`];
    const { first, detail, algorithms } = await reportOf<FailuresReport>("failures", { args });
    expect(first.met).toBe(true);
    expect(first.detail).toMatch(/works on .*without PERSIST_STATIC_SMALL_H \(batch-major: .*err 2/);
    expect(algorithms.first).toEqual({ "standard.forward": 1 + 10 });
    expect(detail).not.toContain("without");
    // Few rows, so time-major tensors.
    expect(algorithms.last).toEqual({ "small_time_major.forward": 1 });
  });

  it.each([
    ["5003", `cudnnRNNForward 1 1 5003 ${NO_MEMORY}`],
    ["5002", "cudnnRNNForward 1 1 5002"],
    ["a busy device", "cuMemcpyHtoDAsync_v2 1 1 46"],
  ])("a call that meets %s frees caches and tries once more", async (_name, fault) => {
    const { works, call } = await reportOf<FailuresReport>("failures", { args: ["", fault] });
    expect(works).toBe(true);
    expect(call.code).toBeNull();
    expect(call.error).toBeLessThanOrEqual(1e-5);
  });

  it.each([
    ["before it has begun", "cudnnGetRNNTempSpaceSizes 1 1 5003"],
    ["when it begins", `cudnnRNNBackwardData_v8 1 1 5003 ${NO_MEMORY}`],
    ["after the reserve space was used", `cudnnRNNBackwardWeights_v8 1 1 5003 ${NO_MEMORY}`],
  ])("so does a backward call, %s", async (_name, fault) => {
    const { backward } = await reportOf<FailuresReport>("failures", { args: ["", fault] });
    expect(backward.code).toBeNull();
    expect(backward.error).toBeLessThanOrEqual(1e-5);
  });

  it("what does not pass is the call's error, in one line", async () => {
    const { call } = await reportOf<FailuresReport>("failures", { args: ["", "cudnnRNNForward 1 9 5002 first"] });
    expect(call.code).toBe("ERR_CUDNN");
    expect(call.launches).toBe(2);
    expect(call.message).toContain(": first; at: err != cudaSuccess; cuBLASLt could not start");
    expect(call.message).not.toContain("\n");
    const memory = { args: ["", `cudnnRNNForward 1 99 5003 ${NO_MEMORY}`] };
    expect((await reportOf<FailuresReport>("failures", memory)).call.code).toBe("ERR_OUT_OF_MEMORY");
    const driver = await reportOf<FailuresReport>("failures", { args: ["", "cuMemcpyHtoDAsync_v2 1 9 999"] });
    expect(driver.call.message).toContain("(999): a text by the test double; of two lines");
  });

  it("where nothing can be pinned, calls use other memory", async () => {
    const { works, call } = await reportOf<FailuresReport>("failures", { double: { pinned: 0 } });
    expect(works).toBe(true);
    expect(call).toMatchObject({ code: null, pinned: 0 });
    expect(call.error).toBeLessThanOrEqual(1e-5);
    expect(call.pageable).toBeGreaterThan(0);
  });

  it.each([
    [220, "CUDA_ERROR_NVLINK_UNCORRECTABLE"],
    [226, "CUDA_ERROR_CONTAINED"],
    [721, "CUDA_ERROR_TENSOR_MEMORY_LEAK"],
    [810, "CUDA_ERROR_MPS_CLIENT_TERMINATED"],
  ])("after %i the device is lost", async (code, name) => {
    const { errors } = await reportOf<StickyReport>("sticky", { args: [`kernel 1 1 ${code}`] });
    expect(errors.call?.message).toContain(name);
    expect(errors.next?.message).toContain("Only a restart of the process helps");
    expect(errors.cpu).toBeNull();
  });

  it("so it is after such an error in a text of cuDNN's", async () => {
    const fault = "cudnnRNNForward 1 1 5003 err 700 an illegal memory access was encountered != cudaSuccess";
    const { errors } = await reportOf<StickyReport>("sticky", { args: [fault] });
    expect(errors.next?.message).toContain("Only a restart of the process helps");
  });
});

describe.skipIf(withoutDoubles)(titled("the self-check's tolerance, on doubles", withoutDoubles), () => {
  // Errors in 1e-12.
  it.each([
    ["float32", 5e7, 2e8],
    ["float64", 50, 200],
    ["float16", 1.2e10, 4e10],
    ["bfloat16", 6e10, 2e11],
  ])("%s", async (dtype, small, large) => {
    for (const [error, met] of [
      [small, true],
      [large, false],
    ] as const) {
      const report = await reportOf<InfoReport>("runtime", { double: { error, small_h_error: error }, args: [dtype] });
      expect(report.runtime.met, `${error}`).toBe(met);
      if (!met) expect(report.runtime.detail).toContain("differs from the reference");
    }
  });
});
