import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { backendInfo, configure, memoryUsage } from "cudnn-gru";
import { afterAll, describe, expect, it } from "vitest";
import { expectError, layer, random } from "./support.js";

// The same answers on every machine. The addon, which reads it, is loaded at first use.
process.env.CUDNN_GRU_DISABLE_CUDA = "1";

const { threads } = backendInfo().cpu;

afterAll(() => configure({ threads, allow_tf32: false }));

describe("backendInfo", () => {
  it("tells what computes here", () => {
    const { cpu, cuda, cudnn } = backendInfo();
    expect(cpu.available).toBe(true);
    expect(cpu.isas).toContain(cpu.isa);
    expect(cpu.isas).toContain("reference");
    expect(cpu.threads).toBeGreaterThanOrEqual(1);
    expect(cpu.usableCpus).toBeGreaterThanOrEqual(1);
    expect(cuda).toEqual({
      available: false,
      reason: expect.stringMatching(/CUDNN_GRU_DISABLE_CUDA/),
      driver: null,
      devices: [],
    });
    expect(cudnn).toMatchObject({ available: false, version: null, tried: [] });
  });

  it("does not throw where the addon cannot be loaded, and says why", () => {
    const script = `
      import { backendInfo, GRU } from "cudnn-gru";
      const { cpu } = backendInfo();
      let code;
      try { new GRU(2).build([null, null, 3]); } catch (error) { code = error.code; }
      console.log(JSON.stringify({ cpu, code }));`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      env: { ...process.env, CUDNN_GRU_ADDON: "/nowhere/cudnn_gru.node" },
      encoding: "utf8",
    });
    const { cpu, code } = JSON.parse(printed);
    expect(cpu).toMatchObject({ available: false, isa: null, isas: [] });
    expect(cpu.reason).toContain("/nowhere/cudnn_gru.node");
    expect(code).toBe("ERR_NATIVE_LOAD");
  });
});

describe("configure", () => {
  it("sets threads and allow_tf32, each alone", () => {
    configure({ threads: 3 });
    expect(backendInfo().cpu.threads).toBe(3);
    configure({ allow_tf32: true });
    expect([backendInfo().cpu.threads, backendInfo().cudnn.allow_tf32]).toEqual([3, true]);
    configure({});
    expect([backendInfo().cpu.threads, backendInfo().cudnn.allow_tf32]).toEqual([3, true]);
    configure({ threads: 1, allow_tf32: false });
    expect([backendInfo().cpu.threads, backendInfo().cudnn.allow_tf32]).toEqual([1, false]);
  });

  it.each([
    [{ threads: 0 }, "threads"],
    [{ threads: 1025 }, "threads"],
    [{ threads: 1.5 }, "threads"],
    [{ threads: "2" }, "threads"],
    [{ threads: null }, "threads"],
    [{ allow_tf32: 1 }, "allow_tf32"],
    [{ threads: 2, allow_tf32: "no" }, "allow_tf32"],
    [{ allow_tf32: true, threads: -1 }, "threads"],
    [{ thread: 2 }, "thread"],
    [null, "configuration"],
    [4, "configuration"],
  ])("refuses %j, setting nothing", (value, name) => {
    configure({ threads: 1, allow_tf32: false });
    expectError(() => configure(value as never), "ERR_ARGUMENT", `\`${name}\``);
    expect([backendInfo().cpu.threads, backendInfo().cudnn.allow_tf32]).toEqual([1, false]);
  });
});

describe("memoryUsage", () => {
  it("grows with packed weights and falls with dispose", () => {
    const before = memoryUsage();
    const gru = layer(64, 32);
    gru.call(random([1, 2, 32]));
    const during = memoryUsage();
    expect(during.weights - before.weights).toBeGreaterThanOrEqual(3 * 64 * (32 + 64) * 4);
    expect(during.scratch).toBeGreaterThanOrEqual(0);
    gru.dispose();
    expect(memoryUsage().weights).toBe(before.weights);
  });
});
