import { describe, expect, it } from "vitest";
import { requireContract } from "../../dist/native/contract.js";
import { native } from "../../dist/native/load.js";
import { expectError } from "../layers/support.js";

const PATH = "/somewhere/cudnn_gru.node";

describe("the contract between TypeScript and the addon", () => {
  const { contract } = native();

  it("is the same on both sides", () => {
    expect(() => requireContract(contract, PATH)).not.toThrow();
    expect(Object.keys(contract.arguments)).toContain("updateAdam");
    expect(Object.isFrozen(contract.arguments.call)).toBe(true);
  });

  it.each([
    ["no statement at all", undefined, /the flag returnSequences = 1/],
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
      /\/somewhere\/cudnn_gru\.node.*Build or install the binary of this version\./,
    );
  });
});
