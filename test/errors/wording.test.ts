import { expect, describe as group, it } from "vitest";
import { describe } from "../../dist/errors/describe.js";
import { nearest, suggestion } from "../../dist/errors/suggestion.js";

group("nearest", () => {
  const names = [
    "return_sequences",
    "return_state",
    "units",
    "unroll",
    "tanh",
    "l1",
    "l2",
    "L1L2",
    "l1l2",
    "GlorotUniform",
    "glorot_uniform",
  ];

  it.each([
    ["retrun_sequences", "return_sequences"],
    ["returnSequences", "return_sequences"],
    ["return_states", "return_state"],
    ["tahn", "tanh"],
    ["unit", "units"],
    ["TANH", "tanh"],
    ["l1_l2", "l1l2"],
    ["units", "units"],
    ["glorot_unifrom", "glorot_uniform"],
    ["GlorotUnifrom", "GlorotUniform"],
  ])("finds what %s meant", (word, expected) => {
    expect(nearest(word, names)).toBe(expected);
  });

  it.each(["banana", "", "x", "verbose", "u".repeat(100_000)])(
    "finds nothing for a word that is near to none",
    (word) => {
      expect(nearest(word, names)).toBeUndefined();
    },
  );

  it("suggests the nearest name, or lists them all", () => {
    expect(suggestion("tahn", names)).toBe('Did you mean "tanh"?');
    expect(suggestion("banana", ["a1", "b2"])).toBe("Known: a1, b2.");
    expect(suggestion("banana", ["A1", "a1", "b2"], ["a1", "b2"])).toBe("Known: a1, b2.");
  });
});

group("describe", () => {
  it.each([
    ["yes", '"yes"'],
    [Number.NaN, "NaN"],
    [-0, "-0"],
    [12n, "12n"],
    [null, "null"],
    [undefined, "undefined"],
    [[1, 2], "[ 1, 2 ]"],
    [{ a: { b: { c: 1 } } }, "{ a: { b: [Object] } }"],
    [new Float32Array(2), "Float32Array(2) [ 0, 0 ]"],
  ])("writes %o on one line", (value, expected) => {
    expect(describe(value)).toBe(expected);
  });

  it("stays short and runs no code of the value's", () => {
    const hostile = {
      get trap(): never {
        throw new Error("ran");
      },
      toJSON() {
        throw new Error("ran");
      },
      toString() {
        throw new Error("ran");
      },
    };
    expect(describe(hostile)).toContain("trap: [Getter]");
    for (const value of ["x".repeat(1e6), Array.from({ length: 1e5 }, (_, i) => i), { text: "y".repeat(1e6) }]) {
      expect(describe(value).length).toBeLessThanOrEqual(110);
      expect(describe(value)).not.toContain("\n");
    }
  });
});
