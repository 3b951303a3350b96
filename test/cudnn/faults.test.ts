import { beforeAll, describe, expect, it } from "vitest";
import { reportOf, titled, withoutDoubles } from "./doubles.js";
import type { Fault, FaultsReport } from "./programs/faults.js";
import type { StickyReport } from "./programs/sticky.js";

/** The code that the failing function stands for; null where the call must go well all the same. */
function expectedCode({ fault }: Fault): string | null {
  const [name = "", , count] = fault.split(" ");
  // Where no memory can be pinned, other memory does.
  if (name === "cuMemAllocHost_v2") return null;
  if (name === "cuMemAlloc_v2") return count === "1" ? null : "ERR_OUT_OF_MEMORY";
  return name.startsWith("cudnn") ? "ERR_CUDNN" : "ERR_CUDA";
}

describe.skipIf(withoutDoubles)(titled("every call to cuDNN and the driver fails in turn", withoutDoubles), () => {
  let report: FaultsReport;

  beforeAll(async () => {
    report = await reportOf<FaultsReport>("faults");
    console.log(`faults injected and survived: ${report.faults.filter(({ injected }) => injected > 0).length}`);
  });

  it("of every kind, in calls and gradients, sync and async", () => {
    const functions = new Set(report.faults.map(({ fault }) => fault.split(" ")[0]));
    for (const name of [
      "cuMemAlloc_v2",
      "cuMemAllocHost_v2",
      "cuMemcpyHtoDAsync_v2",
      "cuMemcpyDtoHAsync_v2",
      "cuMemsetD8Async",
      "cuStreamSynchronize",
      "cuEventRecord",
      "cuEventSynchronize",
      "cudnnCreateRNNDescriptor",
      "cudnnSetRNNDataDescriptor",
      "cudnnGetRNNTempSpaceSizes",
      "cudnnGetRNNWeightParams",
      "cudnnRNNForward",
      "cudnnRNNBackwardData_v8",
      "cudnnRNNBackwardWeights_v8",
    ])
      expect(functions).toContain(name);
    const scenarios = new Set(report.faults.map(({ scenario }) => scenario));
    expect([...scenarios]).toEqual(["call", "callAsync", "backward", "backwardAsync"]);
  });

  it("the error is the right GRUError and names the function", () => {
    // A context belongs to a thread. When the work runs on another thread, fewer calls are made, and the last one only
    // restores the thread's previous context.
    const ofContexts = ({ fault }: Fault) => fault.startsWith("cuCtx");
    for (const one of report.faults) {
      if (ofContexts(one)) {
        expect([null, "ERR_CUDA"], one.fault).toContain(one.code);
        continue;
      }
      expect(one.injected, one.fault).toBeGreaterThan(0);
      expect(one.code, `${one.scenario}, ${one.fault}`).toBe(expectedCode(one));
      if (one.code === null) expect(one.message).toBe("");
      else expect(one.isGRUError).toBe(true);
      const name = (one.fault.split(" ")[0] as string).replace(/_v2$/, "");
      if (one.code === "ERR_CUDNN" || one.code === "ERR_CUDA") expect(one.message).toContain(name);
    }
    expect(report.faults.filter(ofContexts).some(({ code }) => code === "ERR_CUDA")).toBe(true);
  });

  it("out of memory once is survived, and for good is ERR_OUT_OF_MEMORY, after a second try and shorter chunks of 4 steps", () => {
    const ofMemory = report.faults.filter(({ fault }) => fault.startsWith("cuMemAlloc_v2"));
    const once = ofMemory.filter(({ fault }) => fault.split(" ")[2] === "1");
    expect(once.length).toBeGreaterThan(0);
    expect(once.map(({ code }) => code)).toEqual(once.map(() => null));
    const forGood = ofMemory.filter(({ fault }) => fault.split(" ")[2] !== "1");
    // Inference tries 4, 2 and 1 timesteps at once.
    const tries = ({ scenario }: Fault) => (scenario.startsWith("call") ? 6 : 2);
    expect(forGood.map(({ code, injected }) => [code, injected])).toEqual(
      forGood.map((one) => ["ERR_OUT_OF_MEMORY", tries(one)]),
    );
  });

  it("nothing leaks", () => {
    expect(report.leaks).toEqual([]);
  });

  it("the next call of the same layer works", () => {
    expect(report.faults.filter(({ recovered }) => !recovered)).toEqual([]);
  });
});

describe.skipIf(withoutDoubles)(titled("a kernel that fails", withoutDoubles), () => {
  it("makes its device unusable, and every later call says so", async () => {
    const { errors } = await reportOf<StickyReport>("sticky");
    expect(errors.call?.code).toBe("ERR_CUDA");
    expect(errors.call?.message).toContain("CUDA_ERROR_ILLEGAL_ADDRESS");
    for (const name of ["next", "callAsync", "backward", "automatic"]) {
      expect(errors[name]?.code, name).toBe("ERR_CUDA");
      expect(errors[name]?.message, name).toContain("Only a restart of the process helps");
    }
    expect(errors.cpu).toBeNull();
  });
});
