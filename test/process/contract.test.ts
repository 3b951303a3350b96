import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { callArguments } from "../../dist/native/contract.js";
import { requireContract } from "../../dist/native/contract_check.js";
import { native } from "../../dist/native/load.js";
import { expectError } from "../layers/support.js";
import { runChild } from "./support.js";

const { version } = createRequire(import.meta.url)("../../package.json");
const PATH = "/somewhere/cudnn_gru.node";

describe("the contract between TypeScript and the addon", () => {
  const { contract } = native();

  it("is the same on both sides", () => {
    expect(() => requireContract(contract, PATH)).not.toThrow();
    expect(Object.keys(contract.arguments)).toContain("updateAdam");
    expect(contract.version).toBe(version);
    expect(Object.isFrozen(contract.arguments.call)).toBe(true);
  });

  it("is the order in which the arguments of a call are passed", () => {
    // Every value is another object or number, so that any two that change places are noticed.
    const arrays = {
      output: new Float32Array(1),
      state: new Float32Array(1),
      initialState: new Float32Array(1),
    };
    const dropout = { input: new Float32Array(1), recurrent: new Float32Array(1) };
    const call = {
      inputs: new Float32Array(1),
      mask: new Uint8Array(1),
      lengths: new Int32Array(1),
      batch: 2,
      timesteps: 3,
      flags: 4,
    };
    const values: Record<string, unknown> = {
      ...call,
      ...arrays,
      inputDropout: dropout.input,
      recurrentDropout: dropout.recurrent,
    };
    const names = (contract.arguments.call ?? []).filter((name) => name !== "custom");
    expect(names.toSorted()).toEqual(Object.keys(values).toSorted());
    const passed: readonly unknown[] = callArguments({ ...call, dropout }, arrays);
    const nameOf = (given: unknown) => Object.keys(values).find((name) => values[name] === given);
    expect(passed.map(nameOf)).toEqual(names);
  });

  it.each([
    ["no statement at all", undefined, /but received one that does not state its version\./],
    ["no version", { ...contract, version: undefined }, /but received one that does not state its version\./],
    [
      "another version",
      { ...contract, version: "9.8.7-beta.1" },
      /binary of cudnn-gru \d+\.\d+\.\d+ .* one of 9\.8\.7-beta\.1\./,
    ],
    ["another bit", { ...contract, flags: { ...contract.flags, cudnn: 32 } }, /the flag cudnn = 8/],
    ["a further flag", { ...contract, flags: { ...contract.flags, fast: 64 } }, /the flag fast = 64/],
    [
      "two arguments in another order",
      { ...contract, arguments: { ...contract.arguments, widen: ["bits", "out", "dtype"] } },
      /widen\(out, bits, dtype\)/,
    ],
  ])("a binary with %s is refused", (_, other, message) => {
    expectError(() => requireContract(other, PATH), "ERR_NATIVE_LOAD", message);
  });

  it("a binary that lacks a function is refused", () => {
    const { orthogonal: _gone, ...functions } = contract.arguments;
    const other = { ...contract, arguments: functions };
    expectError(() => requireContract(other, PATH), "ERR_NATIVE_LOAD", /orthogonal\(out, rows/);
  });

  it("the message names the file and says what to do", () => {
    expectError(
      () => requireContract(undefined, PATH),
      "ERR_NATIVE_LOAD",
      /\/somewhere\/cudnn_gru\.node.*Install cudnn-gru again, or build the binary of this version\./,
    );
  });

  it.each([
    ["flags", { flags: { ...contract.flags, cudnn: 32 } }, /^ERR_NATIVE_LOAD .*the flag cudnn = 8/],
    ["version", { version: "9.8.7" }, /^ERR_NATIVE_LOAD .*binary of cudnn-gru \d.* one of 9\.8\.7\./],
  ])("%s are compared when the addon is loaded, before anything is asked of it", async (_, change, message) => {
    const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-"));
    try {
      const other = join(folder, "other_version.cjs");
      const stated = { ...contract, ...change };
      writeFileSync(other, `module.exports = { contract: ${JSON.stringify(stated)}, initialize() {} };`);
      const ended = await runChild("try { built(1, 1); } catch ({ code, message }) { console.log(code, message); }", {
        env: { CUDNN_GRU_ADDON: other },
      });
      expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(message) });
      expect(ended.stdout).toContain(other);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
