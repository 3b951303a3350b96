import { describe, expect, it } from "vitest";
import { regularizers } from "../../dist/keras/index.js";
import { getRegularizer } from "../../dist/keras/regularizers.js";
import { messageOf, relativeError, serialized } from "./helpers.js";

const MODULE = "keras.regularizers";
const SHAPE = [3, 4];
const VALUES = [0.5, -1.25, 2, 0, 3, 0.75, -0.5, 1e-9, -2.25, 4, 1.5, 0.25];

/** Losses of VALUES that Keras 3.15.1 gave. Its orthogonal regularizer takes float32 only. */
const LOSSES = [
  { name: "L1", config: { l1: 0.3 }, float32: 4.800000190734863, float64: 4.800000191034863 },
  { name: "L2", config: { l2: 0.3 }, float32: 11.700000762939453, float64: 11.70000046491623 },
  { name: "L1L2", config: { l1: 0.3, l2: 0.2 }, float32: 12.600000381469727, float64: 12.60000030726392 },
  { name: "OrthogonalRegularizer", config: { factor: 0.3, mode: "rows" }, float32: 0.06231581047177315 },
  { name: "OrthogonalRegularizer", config: { factor: 0.3, mode: "columns" }, float32: 0.16350959241390228 },
];

describe("losses", () => {
  it.each(LOSSES)("of $name $config are Keras's", ({ name, config, float32, float64 }) => {
    const regularizer = getRegularizer(serialized(MODULE, name, config), "kernel_regularizer");
    const single = regularizer?.loss(new Float32Array(VALUES), SHAPE) as number;
    expect(relativeError([single], [float32])).toBeLessThan(1e-6);
    if (float64 === undefined) return;
    const double = regularizer?.loss(new Float64Array(VALUES), SHAPE) as number;
    expect(relativeError([double], [float64])).toBeLessThan(1e-12);
  });

  it("sum in float64 whatever the data", () => {
    const values = new Float32Array(1 << 20).fill(0.1);
    const exact = values.length * Math.fround(0.1) * Math.fround(0.5);
    expect(new regularizers.L1({ l1: 0.5 }).loss(values) / exact).toBeCloseTo(1, 11);
  });

  it("leave a term with factor 0 out", () => {
    const values = new Float64Array([1e200]);
    expect(new regularizers.L1L2({ l1: 1 }).loss(values)).toBe(1e200);
    expect(new regularizers.L1L2({ l2: 1 }).loss(values)).toBe(Number.POSITIVE_INFINITY);
  });

  it("of the orthogonal regularizer bound small norms below, and are NaN without a pair", () => {
    const regularizer = new regularizers.OrthogonalRegularizer({ factor: 0.3 });
    const tiny = regularizer.loss(new Float32Array([1e-9, 0, 1, 1]), [2, 2]);
    expect(relativeError([tiny * 1e3], [2.1213204599916935])).toBeLessThan(1e-6);
    expect(regularizer.loss(new Float32Array([1, 2]), [1, 2])).toBeNaN();
    expect(regularizer.loss(new Float32Array(0), [0, 2])).toBeNaN();
  });

  it("of the orthogonal regularizer need a matrix", () => {
    const regularizer = new regularizers.OrthogonalRegularizer();
    const message = messageOf("ERR_SHAPE", () => regularizer.loss(new Float32Array(8), [2, 2, 2]));
    expect(message).toContain("[2, 2, 2]");
  });
});

describe("getRegularizer", () => {
  const l1 = { l1: Math.fround(0.01) };
  const orthogonal = { factor: Math.fround(0.01), mode: "rows" };

  it.each([
    ["L1", "L1", l1],
    ["l1", "L1", l1],
    ["L2", "L2", { l2: 0.01 }],
    ["l2", "L2", { l2: 0.01 }],
    ["L1L2", "L1L2", { l1: 0, l2: 0 }],
    ["l1l2", "L1L2", { l1: 0, l2: 0 }],
    ["OrthogonalRegularizer", "OrthogonalRegularizer", orthogonal],
    ["orthogonal_regularizer", "OrthogonalRegularizer", orthogonal],
  ])("takes %s", (name, className, config) => {
    const regularizer = getRegularizer(name, "bias_regularizer");
    expect(regularizer?.serialize()).toEqual(serialized(MODULE, className, config));
    expect(getRegularizer(regularizer?.serialize(), "bias_regularizer")).toEqual(regularizer);
  });

  it("takes serialized objects of Keras 2 and 3, instances and null", () => {
    expect(getRegularizer({ class_name: "L2", config: { l2: 0.1 } }, "r")?.getConfig()).toEqual({ l2: 0.1 });
    expect(getRegularizer(serialized(MODULE, "L1L2", { l2: 1 }), "r")?.getConfig()).toEqual({ l1: 0, l2: 1 });
    expect(getRegularizer(serialized(MODULE, "L1", { l1: null }), "r")?.getConfig()).toEqual(l1);
    const regularizer = new regularizers.L2({ l2: 1e-4 });
    expect(getRegularizer(regularizer, "r")).toBe(regularizer);
    expect(getRegularizer(null, "r")).toBeNull();
  });

  it("takes a class of the user's own, and writes it as a custom object", () => {
    class Entropy extends regularizers.Regularizer {
      override loss() {
        return 1;
      }
      override getConfig() {
        return { weight: 2 };
      }
    }
    expect(getRegularizer(new Entropy(), "r")?.serialize()).toEqual({
      module: null,
      class_name: "Entropy",
      config: { weight: 2 },
      registered_name: "Custom>Entropy",
    });
  });

  it.each([
    ["l1_l2", 'for `kernel_regularizer` but received "l1_l2". Did you mean "l1l2"?'],
    ["l3", "Did you mean"],
    ["regularizer", "base class"],
    [0.01, "received 0.01"],
    [undefined, "received undefined"],
    [serialized(MODULE, "L2", { l2: -1 }), "In `kernel_regularizer`: Expected a finite number"],
    [serialized(MODULE, "L2", { l2: true }), "for `l2` of L2 but received true"],
    [serialized(MODULE, "L2", { l2: Number.NaN }), "for `l2` of L2 but received NaN"],
    [serialized(MODULE, "L1", { l1: "0.1" }), 'for `l1` of L1 but received "0.1"'],
    [serialized(MODULE, "L1", { l1: Number.POSITIVE_INFINITY }), "for `l1` of L1 but received Infinity"],
    [serialized(MODULE, "L1", { l2: 0.1 }), 'received "l2". Did you mean "l1"?'],
    [serialized(MODULE, "OrthogonalRegularizer", { mode: "row" }), 'one of "rows", "columns" for `mode`'],
    [serialized("keras.constraints", "MaxNorm", {}), 'received "MaxNorm"'],
    [{ class_name: "L2", config: "l2" }, 'Expected an object of arguments for `L2` but received "l2"'],
  ])("refuses %o", (value, message) => {
    expect(messageOf("ERR_ARGUMENT", () => getRegularizer(value, "kernel_regularizer"))).toContain(message);
  });
});
