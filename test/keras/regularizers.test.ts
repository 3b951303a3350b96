import { describe, expect, it } from "vitest";
import { regularizers } from "../../dist/keras/index.js";
import { getRegularizer } from "../../dist/keras/regularizers.js";
import { messageOf, relativeError, serialized } from "./helpers.js";

const MODULE = "keras.regularizers";
const SHAPE = [3, 4];
const VALUES = [0.5, -1.25, 2, 0, 3, 0.75, -0.5, 1e-9, -2.25, 4, 1.5, 0.25];

/** Keras 3.15.1's losses of VALUES. Its orthogonal regularizer takes float32 only. */
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

/** Keras 3.15.1's gradients at VALUES in float32. The factors are the ones in LOSSES. */
const GRADIENTS = [
  [0.3, -0.3, 0.3, 0, 0.3, 0.3, -0.3, 0.3, -0.3, 0.3, 0.3, 0.3],
  [0.3, -0.75, 1.2, 0, 1.8, 0.45, -0.3, 6e-10, -1.35, 2.4, 0.9, 0.15],
  [0.5, -0.8, 1.1, 0, 1.5, 0.6, -0.5, 0.3, -1.2, 1.9, 0.9, 0.4],
  [
    -0.023225251585245132, -0.037236060947179794, -0.0174662247300148, -0.00214478000998497, -0.002619466744363308,
    -0.012573868036270142, -0.03457759693264961, -0.0016507238615304232, -0.01865755021572113, -0.0039006201550364494,
    -0.017483923584222794, -0.0006045217742212117,
  ],
  [
    -0.009027720429003239, 0.01347245555371046, -0.028011776506900787, 0.07173813879489899, -0.01497876551002264,
    -0.015103315934538841, -0.007181347347795963, -0.1625864952802658, -0.021977853029966354, 0.007042013108730316,
    0.034955255687236786, 0,
  ],
];

describe("gradients", () => {
  it.each(LOSSES.map((entry, index) => ({ ...entry, gradient: GRADIENTS[index] as number[] })))(
    "of $name $config are Keras's, scaled and added",
    ({ name, config, gradient }) => {
      const regularizer = getRegularizer(serialized(MODULE, name, config), "kernel_regularizer");
      const sum = new Float32Array(VALUES.length).fill(1);
      regularizer?.addGradient(sum, new Float32Array(VALUES), SHAPE, 0.5);
      expect(
        relativeError(
          sum,
          gradient.map((slope) => 1 + 0.5 * slope),
        ),
      ).toBeLessThan(1e-6);
    },
  );

  it.each(LOSSES)("of $name $config are the slopes of the loss, in float64", ({ name, config }) => {
    const regularizer = getRegularizer(serialized(MODULE, name, config), "r") as InstanceType<
      typeof regularizers.Regularizer
    >;
    // No zeros: |x| has no slope there.
    const values = Float64Array.from(VALUES, (value) => value + 0.3);
    const gradient = new Float64Array(values.length);
    regularizer.addGradient(gradient, values, SHAPE, 1);
    const slopes = Array.from(values, (value, index) => {
      const lossAt = (at: number) => regularizer.loss(values.with(index, at), SHAPE);
      return (lossAt(value + 1e-5) - lossAt(value - 1e-5)) / 2e-5;
    });
    expect(relativeError(gradient, slopes)).toBeLessThan(1e-8);
  });

  it("leave a term with factor 0 out", () => {
    const values = new Float64Array([Number.POSITIVE_INFINITY, Number.NaN]);
    const gradient = new Float64Array(2);
    new regularizers.L1L2({ l1: 1 }).addGradient(gradient, values, [2], 1);
    expect([...gradient]).toEqual([1, Number.NaN]);
    const none = new Float64Array(2);
    new regularizers.L1L2().addGradient(none, values, [2], 1);
    expect([...none]).toEqual([0, 0]);
  });

  it("of the orthogonal regularizer: a short vector counts as divided by epsilon; NaN without a pair", () => {
    const regularizer = new regularizers.OrthogonalRegularizer({ factor: 0.5 });
    const gradient = new Float64Array(4);
    regularizer.addGradient(gradient, new Float64Array([1e-9, 0, 0, 1]), [2, 2], 1);
    expect([...gradient]).toEqual([0, 0, 0, 0]);
    regularizer.addGradient(gradient, new Float64Array([1e-9, 0, 1, 1]), [2, 2], 1);
    expect(gradient[0]).toBeCloseTo((0.5 * 1e7) / Math.SQRT2, 3);
    regularizer.addGradient(gradient, new Float64Array([1, 2]), [1, 2], 1);
    expect(gradient[0]).toBeNaN();
  });

  it("need a method in a class of the user's own", () => {
    class Entropy extends regularizers.Regularizer {
      override loss() {
        return 1;
      }
      override getConfig() {
        return {};
      }
    }
    const message = messageOf("ERR_UNSUPPORTED", () =>
      new Entropy().addGradient(new Float32Array(1), new Float32Array(1), [1], 1),
    );
    expect(message).toMatch(/addGradient.*Entropy/);
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
    [serialized(MODULE, "L1", { l2: 0.1 }), 'the unknown argument `l2`. Did you mean "l1"?'],
    [serialized(MODULE, "OrthogonalRegularizer", { mode: "row" }), 'one of "rows", "columns" for `mode`'],
    [serialized("keras.constraints", "MaxNorm", {}), 'received "MaxNorm"'],
    [{ class_name: "L2", config: "l2" }, 'Expected an object of arguments for `L2` but received "l2"'],
  ])("refuses %o", (value, message) => {
    expect(messageOf("ERR_ARGUMENT", () => getRegularizer(value, "kernel_regularizer"))).toContain(message);
  });
});
