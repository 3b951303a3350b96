import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { DOUBLES, reportOf, titled, withoutDoubles } from "./doubles.js";
import type { GraphFault } from "./programs/graph_faults.js";
import type { GraphsReport } from "./programs/graphs.js";
import type { OldDriverReport } from "./programs/old_driver.js";

const PLAIN = { cudnnRNNForward: 1 };
const REPLAY = { cuGraphLaunch: 1 };
const CAPTURE = {
  cuStreamBeginCapture_v2: 1,
  cudnnRNNForward: 1,
  cuStreamEndCapture: 1,
  cuGraphInstantiateWithFlags: 1,
  cuGraphDestroy: 1,
  cuGraphLaunch: 1,
};

describe.skipIf(withoutDoubles)(titled("CUDA graphs on the cuDNN path, on doubles", withoutDoubles), () => {
  let report: GraphsReport;

  beforeAll(async () => {
    report = await reportOf<GraphsReport>("graphs");
  });

  it("a call runs plainly twice, is captured then, and is replayed from then on", () => {
    expect(report.calls).toEqual([PLAIN, PLAIN, CAPTURE, REPLAY, REPLAY, REPLAY]);
  });

  it("forward and backward of a training step are two graphs", () => {
    const plain = { cudnnRNNForward: 1, cudnnRNNBackwardData_v8: 1, cudnnRNNBackwardWeights_v8: 1 };
    const captures = Object.fromEntries(Object.keys(CAPTURE).map((name) => [name, 2]));
    const replay = { cuGraphLaunch: 2 };
    expect(report.steps).toEqual([plain, plain, { ...captures, ...plain }, replay, replay]);
  });

  it("new weights are replayed when they lie where the old ones lay", () => {
    expect(report.weights).toEqual(Array(8).fill(REPLAY));
  });

  it("other lengths have graphs of their own", () => {
    const other = [PLAIN, PLAIN, CAPTURE];
    expect(report.lengths).toEqual([REPLAY, REPLAY, REPLAY, ...other, ...other, ...other]);
  });

  it("so has a stack of layers in one call", () => {
    expect(report.stack.slice(1)).toEqual([PLAIN, CAPTURE, REPLAY, REPLAY]);
  });

  it("calls of thousands of timesteps, and calls in chunks, are not captured", () => {
    expect(report.long).toEqual([PLAIN, { cudnnRNNForward: 2 }]);
  });

  it("results have the bits of the plain call, also of calls in flight", () => {
    expect(report.wrong).toEqual([]);
    expect(report.wrongInFlight).toBe(0);
  });

  it("their number is bounded, and a disposed layer leaves none", () => {
    expect(report.living.many).toBeGreaterThan(1);
    expect(report.living.many).toBeLessThanOrEqual(16);
    expect(report.living.disposed).toBe(0);
  });

  it("a failed capture or launch goes unnoticed: the call is launched plainly, and a refusal is remembered", async () => {
    const faults = await reportOf<GraphFault[]>("graph_faults");
    expect(faults).toHaveLength(10);
    for (const { fault, codes, wrong, replays, left } of faults) {
      expect({ fault, codes, wrong, left }).toEqual({ fault, codes: [], wrong: 0, left: 0 });
      // A launch that failed is captured anew. A failed capture is final for the descriptors of a forward call. The
      // faults strike once, so that backward has its graphs all the same.
      const refused = /Capture|Instantiate|Forward/.test(fault);
      expect({ fault, ...replays }).toEqual({ fault, calls: refused ? 0 : 10, steps: 10 });
    }
  });

  it.each([
    ["cannot capture", { faults: "cuStreamBeginCapture_v2 1 100 900" }, /, without CUDA graphs \(Expected .*900/],
    ["replays nothing", { faults: "cuGraphLaunch 1 100 901" }, /, without CUDA graphs \(Expected cuGraphLaunch .*901/],
  ])("a driver that %s in the self-check is not asked again, and `runtime` says so", async (_name, options, says) => {
    const { detail, calls, wrong } = await reportOf<GraphsReport>("graphs", options);
    expect(detail).toMatch(says);
    expect(calls).toEqual(Array(6).fill(PLAIN));
    expect(wrong).toEqual([]);
  });

  it("a driver that is too old for graphs is asked once, and not again each second", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-old-driver-"));
    try {
      // The driver's double, in which nobody finds the function.
      const library = readFileSync(join(DOUBLES, "cuda/libcuda.so.1")).toString("latin1");
      expect(library).toContain("\0cuGraphLaunch\0");
      const old = library.replaceAll("\0cuGraphLaunch\0", "\0cuGraphLaunc_\0");
      writeFileSync(join(folder, "libcuda.so.1"), Buffer.from(old, "latin1"));
      const env = { LD_LIBRARY_PATH: folder };
      const { detail, later } = await reportOf<OldDriverReport>("old_driver", { env });
      expect(detail).toContain(", without CUDA graphs (the CUDA driver is too old for them)");
      expect(later).toEqual({ Forward: 1 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("a device without room for graphs computes plainly", async () => {
    const { detail, calls, wrong } = await reportOf<GraphsReport>("graphs", { double: { graph_memory: 2 ** 31 } });
    expect(detail).toContain("without CUDA graphs");
    expect(calls).toEqual(Array(6).fill(PLAIN));
    expect(wrong).toEqual([]);
  });
});
