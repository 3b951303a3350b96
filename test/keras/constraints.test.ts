import { describe, expect, it } from "vitest";
import { getConstraint } from "../../dist/keras/constraints.js";
import { constraints, regularizers } from "../../dist/keras/index.js";
import { messageOf, relativeError, serialized } from "./helpers.js";

const MODULE = "keras.constraints";
const SHAPE = [3, 4];
const VALUES = [0.5, -1.25, 2, 0, 3, 0.75, -0.5, 1e-9, -2.25, 4, 1.5, 0.25];

/** Keras 3.15.1's results for VALUES in float64. */
const RESULTS = [
  {
    name: "MaxNorm",
    config: { max_value: 2, axis: 0 },
    result: [
      0.2643274331951365, -0.5872202057216003, 1.5689290195670134, 0, 1.5859645991708191, 0.35233212343296016,
      -0.39223225489175334, 9.9999960000016e-10, -1.1894734493781143, 1.8791046583091209, 1.17669676467526,
      0.24999990000004,
    ],
  },
  {
    name: "MaxNorm",
    config: { max_value: 0.3, axis: 1 },
    result: [
      0.06221709910318046, -0.15554274775795116, 0.24886839641272185, 0, 0.28731126923636974, 0.07182781730909243,
      -0.047885211539394956, 9.577042307878992e-11, -0.13961367341095468, 0.24820208606391944, 0.09307578227396979,
      0.015512630378994965,
    ],
  },
  {
    name: "MaxNorm",
    config: { max_value: 2, axis: null },
    result: [
      0.1601281512409846, -0.40032037810246146, 0.6405126049639384, 0, 0.9607689074459076, 0.2401922268614769,
      -0.1601281512409846, 3.202563024819692e-10, -0.7205766805844307, 1.2810252099278767, 0.4803844537229538,
      0.0800640756204923,
    ],
  },
  {
    name: "MaxNorm",
    config: { max_value: 2, axis: [] },
    result: [
      0.49999990000002004, -1.249999900000008, 1.9999999000000053, 0, 1.9999999333333358, 0.7499999000000134,
      -0.49999990000002004, 9.900990099009904e-12, -1.999999911111115, 1.9999999500000012, 1.4999999000000066,
      0.24999990000004,
    ],
  },
  { name: "NonNeg", config: {}, result: [0.5, 0, 2, 0, 3, 0.75, 0, 1e-9, 0, 4, 1.5, 0.25] },
  {
    name: "UnitNorm",
    config: { axis: -1 },
    result: [
      0.2073903303439349, -0.5184758258598372, 0.8295613213757396, 0, 0.9577042307878992, 0.2394260576969748,
      -0.15961737179798322, 3.192347435959664e-10, -0.465378911369849, 0.8273402868797315, 0.3102526075798993,
      0.05170876792998322,
    ],
  },
  {
    name: "MinMaxNorm",
    config: { min_value: 0.5, max_value: 2, rate: 0.7, axis: 1 },
    result: [
      0.4403464562597989, -1.1008661406494973, 1.7613858250391956, 0, 2.240785894371932, 0.560196473592983,
      -0.3734643157286553, 7.469286314573106e-10, -1.326530461956421, 2.3582763768114154, 0.8843536413042807,
      0.14739227355071347,
    ],
  },
  { name: "Constraint", config: {}, result: VALUES },
];

describe("apply", () => {
  it.each(RESULTS)("of $name $config gives Keras's values", ({ name, config, result }) => {
    const constraint = getConstraint(serialized(MODULE, name, config), "kernel_constraint");
    const double = new Float64Array(VALUES);
    constraint?.apply(double, SHAPE);
    expect(relativeError(double, result)).toBeLessThan(1e-14);
    const single = new Float32Array(VALUES);
    constraint?.apply(single, SHAPE);
    expect(relativeError(single, result)).toBeLessThan(1e-6);
  });

  it("takes vectors and tensors of rank 3, and several axes in any order", () => {
    const bias = new Float64Array([3, -4]);
    new constraints.MaxNorm().apply(bias, [2]);
    expect(relativeError(bias, [1.1999999760000004, -1.5999999680000005])).toBeLessThan(1e-14);
    const expected = [
      0.12309148946418123, 0.24618297892836247, 0.25537695705371155, 0.34050260940494875, 0.6154574473209062,
      0.7385489367850875, 0.5958795664586604, 0.6810052188098975,
    ];
    for (const axis of [
      [0, 2],
      [-1, 0],
      [2, -3],
    ]) {
      const cube = Float64Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
      new constraints.UnitNorm({ axis }).apply(cube, [2, 2, 2]);
      expect(relativeError(cube, expected)).toBeLessThan(1e-14);
    }
  });

  it("takes an axis between others, and tensors with empty dimensions", () => {
    const cube = Float64Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
    new constraints.UnitNorm({ axis: 1 }).apply(cube, [2, 2, 2]);
    const expected = [
      0.3162277560168382, 0.4472135854999581, 0.9486832680505147, 0.8944271709999162, 0.5812381869623398,
      0.5999999940000001, 0.8137334617472757, 0.7999999920000002,
    ];
    expect(relativeError(cube, expected)).toBeLessThan(1e-14);
    for (const shape of [
      [0, 3],
      [3, 0],
      [2, 0, 3],
    ]) {
      for (const axis of [0, 1, null]) new constraints.UnitNorm({ axis }).apply(new Float32Array(0), shape);
    }
  });

  it("keeps zero vectors and NaN as they are", () => {
    const zeros = new Float32Array(4);
    new constraints.UnitNorm().apply(zeros, [2, 2]);
    expect([...zeros]).toEqual([0, 0, 0, 0]);
    const spoiled = new Float32Array([Number.NaN, 1, 2, 1]);
    new constraints.MaxNorm({ max_value: 1 }).apply(spoiled, [2, 2]);
    expect(spoiled[0]).toBeNaN();
    expect(spoiled[1]).toBeCloseTo(Math.SQRT1_2, 6);
    const negative = new Float32Array([Number.NaN, -1]);
    new constraints.NonNeg().apply(negative);
    expect([...negative]).toEqual([Number.NaN, 0]);
  });

  it.each([5, -3, [0, 1, 2], [0, -2]])("refuses the axis %o of a matrix and leaves the values alone", (axis) => {
    const values = new Float32Array(VALUES);
    const constraint = new constraints.UnitNorm({ axis });
    expect(messageOf("ERR_SHAPE", () => constraint.apply(values, SHAPE))).toContain("`axis`");
    expect(values).toEqual(new Float32Array(VALUES));
  });
});

describe("getConstraint", () => {
  it.each([
    ["MaxNorm", "MaxNorm", { max_value: 2, axis: 0 }],
    ["max_norm", "MaxNorm", { max_value: 2, axis: 0 }],
    ["NonNeg", "NonNeg", {}],
    ["non_neg", "NonNeg", {}],
    ["UnitNorm", "UnitNorm", { axis: 0 }],
    ["unit_norm", "UnitNorm", { axis: 0 }],
    ["MinMaxNorm", "MinMaxNorm", { min_value: 0, max_value: 1, rate: 1, axis: 0 }],
    ["min_max_norm", "MinMaxNorm", { min_value: 0, max_value: 1, rate: 1, axis: 0 }],
    ["Constraint", "Constraint", {}],
    ["constraint", "Constraint", {}],
  ])("takes %s", (name, className, config) => {
    const constraint = getConstraint(name, "bias_constraint");
    expect(constraint?.serialize()).toEqual(serialized(MODULE, className, config));
    expect(getConstraint(constraint?.serialize(), "bias_constraint")).toEqual(constraint);
  });

  it.each([0, -1, null, [], [0, 1]])("carries the axis %o both ways", (axis) => {
    const form = serialized(MODULE, "MaxNorm", { max_value: 3, axis });
    expect(getConstraint(form, "c")?.serialize()).toEqual(form);
  });

  it("takes instances and null", () => {
    const constraint = new constraints.MaxNorm({ max_value: 3, axis: [0, 1] });
    expect(getConstraint(constraint, "c")).toBe(constraint);
    expect(getConstraint(null, "c")).toBeNull();
  });

  it.each([
    ["maxnorm3", "Did you mean"],
    ["NonNegs", 'for `kernel_constraint` but received "NonNegs". Did you mean "NonNeg"?'],
    [new regularizers.L2(), "Expected a constraint"],
    [serialized(MODULE, "MaxNorm", { max_value: Number.NaN }), "for `max_value` of MaxNorm but received NaN"],
    [
      serialized(MODULE, "MaxNorm", { max_value: -1 }),
      "In `kernel_constraint`: Expected a finite number of at least 0",
    ],
    [serialized(MODULE, "MaxNorm", { axis: 0.5 }), "for `axis` of MaxNorm but received 0.5"],
    [serialized(MODULE, "MaxNorm", { axis: [0, "1"] }), "a list of integers or null for `axis`"],
    [serialized(MODULE, "MaxNorm", { axis: true }), "for `axis` of MaxNorm but received true"],
    [serialized(MODULE, "MinMaxNorm", { min_value: 3 }), "of at most 1 for `min_value`"],
    [serialized(MODULE, "MinMaxNorm", { rate: null }), "for `rate` of MinMaxNorm but received null"],
    [serialized(MODULE, "NonNeg", { axis: 0 }), "It takes no arguments."],
    [serialized(MODULE, "Constraint", { axis: 0 }), "It takes no arguments."],
  ])("refuses %o", (value, message) => {
    expect(messageOf("ERR_ARGUMENT", () => getConstraint(value, "kernel_constraint"))).toContain(message);
  });
});
