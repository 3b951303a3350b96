import { beforeAll, describe, expect, it } from "vitest";
import { reportOf, titled, withoutDoubles } from "./doubles.js";
import type { TimingsReport } from "./programs/timings.js";

const sum = (times: object) => Object.values(times).reduce((total: number, value: number) => total + value, 0);

describe.skipIf(withoutDoubles)(
  titled("the stages of calls on the cuDNN path, timed, on doubles", withoutDoubles),
  () => {
    let report: TimingsReport;

    beforeAll(async () => {
      report = await reportOf<TimingsReport>("timings");
    });

    it("is off at first: no event is made, nothing is counted", () => {
      const zeros = {
        calls: 0,
        replays: 0,
        host: { place: 0, copyIn: 0, compute: 0, copyOut: 0, wait: 0, unpack: 0 },
        device: { copyIn: 0, compute: 0, copyOut: 0 },
      };
      expect(report.events.off).toEqual({});
      expect(report.nothing).toEqual(zeros);
      expect(report.off).toEqual(zeros);
    });

    it("makes four events once and records them in each call", () => {
      expect(report.events.first).toEqual({ cuEventCreate: 5, cuEventRecord: 4, cuEventElapsedTime: 3 });
      expect(report.events.later).toEqual({ cuEventRecord: 4, cuEventElapsedTime: 3 });
    });

    it("divides a call's time into stages, on both sides", () => {
      const { calls, host, device } = report.calls;
      expect(calls).toBe(5);
      expect(Math.min(...Object.values(host), ...Object.values(device))).toBeGreaterThan(0);
      expect(sum(host)).toBeLessThan(report.elapsed);
      // The doubles' device works while the host waits for it.
      expect(sum(device)).toBeLessThan(host.wait);
    });

    it("adds up chunks, and counts a forward and its backward as two calls", () => {
      expect(report.chunks.calls).toBe(1);
      expect(report.chunks.device.compute).toBeGreaterThan(report.calls.device.compute);
      expect(report.training.calls).toBe(2);
    });

    it("counts the calls whose work was replayed as a CUDA graph", () => {
      expect(report.calls.replays).toBe(5);
      expect(report.chunks.replays).toBe(0);
      expect(report.training.replays).toBe(0);
    });

    it("changes no result", () => {
      expect(report.same).toBe(true);
    });

    it("an event that fails is the call's error, with nothing written, and the next call works", () => {
      for (const { name, ...outcome } of report.faults)
        expect({ name, ...outcome }).toEqual({ name, code: "ERR_CUDA", written: false, recovered: true });
    });
  },
);
