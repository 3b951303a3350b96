import { constraints, GRU, optimizers, tensor, Variable } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError, layer, random } from "../layers/support.js";
import { gradients, OPTIMIZERS, stateOf, variables } from "./support.js";

const { Adam, RMSprop, SGD } = optimizers;

function bad(at: number, value: number): Float32Array[] {
  const given = gradients(1) as Float32Array[];
  (given[1] as Float32Array)[at] = value;
  return given;
}

describe.each(Object.entries(OPTIMIZERS))("%s", (name, make) => {
  const pairs: [string, unknown, unknown, "ERR_ARGUMENT" | "ERR_SHAPE" | "ERR_DTYPE", string][] = [
    ["no array", "gradients", undefined, "ERR_ARGUMENT", "an array of gradients"],
    [
      "too few",
      gradients(1).slice(1),
      undefined,
      "ERR_ARGUMENT",
      "3 gradients, one for each variable, for `gradients` but received 2",
    ],
    ["too many", [...gradients(1), [1]], undefined, "ERR_ARGUMENT", "received 4 of them"],
    [
      "another length",
      [[...new Float32Array(14)], ...gradients(1).slice(1)],
      undefined,
      "ERR_SHAPE",
      '`gradients[0]` but received shape [14]. It is the gradient of "w0".',
    ],
    [
      "a bare array of another length",
      [new Float32Array(14), ...gradients(1).slice(1)],
      undefined,
      "ERR_SHAPE",
      "15 elements",
    ],
    [
      "another shape",
      [tensor(new Float32Array(15), [5, 3]), ...gradients(1).slice(1)],
      undefined,
      "ERR_SHAPE",
      "shape [3, 5]",
    ],
    [
      "another dtype",
      gradients(1, "float64"),
      undefined,
      "ERR_DTYPE",
      'Expected "float32", that of the variable "w0", for `gradients[0].dtype` but received "float64"',
    ],
    ["integers", [new Int32Array(15), ...gradients(1).slice(1)], undefined, "ERR_DTYPE", '"int32"'],
    ["undefined", [undefined, ...gradients(1).slice(1)], undefined, "ERR_ARGUMENT", "a tensor, a typed array or null"],
    ["all null", [null, null, null], undefined, "ERR_ARGUMENT", "a gradient for at least one variable"],
    ["variables of others", gradients(1), variables(), "ERR_ARGUMENT", "which is none of them"],
    ["no variables", gradients(1), [1, 2, 3], "ERR_ARGUMENT", "`variables[0]`"],
    ["variables in no list", gradients(1), new Variable([1]), "ERR_ARGUMENT", "an array of variables"],
  ];
  if (name !== "LossScaleOptimizer") {
    pairs.push([
      "NaN",
      bad(4, Number.NaN),
      undefined,
      "ERR_ARGUMENT",
      'finite numbers (the gradient of "w1") for `gradients[1]` but received NaN at element 4',
    ]);
    pairs.push(["infinity", bad(0, Number.NEGATIVE_INFINITY), undefined, "ERR_ARGUMENT", "-Infinity at element 0"]);
  }

  it.each(pairs)("refuses %s and changes nothing", (_, given, others, code, message) => {
    const optimizer = make();
    const weights = variables();
    const unbuilt = stateOf(optimizer, weights);
    if (others === undefined) {
      expectError(() => optimizer.apply(given as never, weights), code);
      expect(stateOf(optimizer, weights)).toEqual(unbuilt);
    }
    optimizer.apply(gradients(1), weights);
    const before = stateOf(optimizer, weights);
    expect(expectError(() => optimizer.apply(given as never, others as never), code).message).toContain(message);
    expect(stateOf(optimizer, weights)).toEqual(before);
    optimizer.apply(gradients(2));
    expect(stateOf(optimizer, weights)).not.toEqual(before);
  });

  it("refuses a variable twice, variables of a disposed layer, and to be used before it is built", () => {
    const optimizer = make();
    const [weight] = variables() as [Variable];
    const twice = [weight, weight];
    expectError(() => optimizer.build(twice), "ERR_ARGUMENT", 'received "w0" again, which is variables[0]');
    expectError(() => optimizer.apply(gradients(1)), "ERR_NOT_BUILT", "build(variables)");
    const gru = layer(2, 3);
    const weights = gru.trainable_weights;
    const values = gru.getWeights();
    optimizer.build(weights);
    gru.dispose();
    expectError(() => optimizer.apply(values), "ERR_DISPOSED");
    expect(optimizer.iterations).toBe(0);
  });
});

describe("infinite gradients", () => {
  it("are clipped by clipvalue, as in Keras, where NaN still is an error", () => {
    const [weight] = variables() as [Variable];
    const before = weight.value.data;
    const sgd = new SGD({ learning_rate: 1, clipvalue: 0.5 });
    sgd.apply([new Float32Array(15).fill(Number.POSITIVE_INFINITY)], [weight]);
    expect(weight.value.data).toEqual(before.map((value) => value - 0.5));
    expectError(() => sgd.apply([new Float32Array(15).fill(Number.NaN)]), "ERR_ARGUMENT", "NaN at element 0");
  });

  it("are an error for the norm, and large ones are not", () => {
    const weight = new Variable([1, 1]);
    for (const options of [{ clipnorm: 1 }, { global_clipnorm: 1 }]) {
      const sgd = new SGD({ learning_rate: 1, ...options });
      weight.assign([1, 1]);
      expectError(() => sgd.apply([[Number.POSITIVE_INFINITY, 1]], [weight]), "ERR_ARGUMENT", "Infinity at element 0");
      expect(weight.value.toArray()).toEqual([1, 1]);
      // Its square is no float32.
      sgd.apply([[3e30, 4e30]], [weight]);
      expect(weight.value.data[0]).toBeCloseTo(0.4, 6);
      expect(weight.value.data[1]).toBeCloseTo(0.2, 6);
      const wide = new Variable([1, 1], { dtype: "float64" });
      const large = new SGD(options);
      expectError(
        () => large.apply([new Float64Array([1e200, 1])], [wide]),
        "ERR_ARGUMENT",
        "norm that float64 can hold",
      );
    }
    new SGD().apply([new Float64Array([1e200, 1])], [new Variable([1, 1], { dtype: "float64" })]);
  });

  it("that accumulate to infinity are an error", () => {
    const weight = new Variable([1]);
    const sgd = new SGD({ gradient_accumulation_steps: 2 });
    sgd.apply([[3e38]], [weight]);
    expectError(() => sgd.apply([[3e38]]), "ERR_ARGUMENT", "Infinity at element 0");
    sgd.apply([[-3e38]]);
    expect([weight.value.toArray(), sgd.iterations]).toEqual([[1], 1]);
  });
});

describe("constraints", () => {
  it("whose axes a variable lacks are an error before anything changes", () => {
    const constraint = { class_name: "MaxNorm", config: { axis: 1 } } as never;
    const weights = [new Variable([[1], [2]], { constraint }), new Variable([1, 2], { name: "bias", constraint })];
    const adam = new Adam();
    const message = 'In the constraint of "bias": Expected an axis of a tensor of shape [2] for `axis` but received 1.';
    expect(expectError(() => adam.build(weights), "ERR_SHAPE").message).toBe(message);
    expect(
      expectError(
        () =>
          adam.apply(
            [
              [[1], [1]],
              [1, 1],
            ],
            weights,
          ),
        "ERR_SHAPE",
      ).message,
    ).toBe(message);
    expect([adam.built, adam.iterations]).toEqual([false, 0]);
    const gru = new GRU(2, { reset_after: false, bias_constraint: constraint });
    gru.build([null, null, 3]);
    expectError(() => adam.build(gru.trainable_weights), "ERR_SHAPE", "gru_cell/bias");
  });

  it("that throw in a first update leave the optimizer as it was, without variables", () => {
    class Throwing extends constraints.Constraint {
      override apply(): void {
        throw new Error("not today");
      }
      override getConfig() {
        return {};
      }
    }
    const variable = new Variable([1, 2], { constraint: new Throwing() });
    const adam = new Adam();
    expect(() => adam.apply([[1, 1]], [variable])).toThrow("not today");
    expect([adam.built, adam.iterations, adam.variables]).toEqual([false, 0, []]);
    expect(variable.value.toArray()).toEqual([1, 2]);
    adam.apply([[1]], [new Variable([1])]);
    expect(adam.iterations).toBe(1);
  });
});

describe("inside a custom activation", () => {
  it("the layer's weights cannot be updated", () => {
    const adam = new Adam();
    const activation = {
      name: "mine",
      forward(x: ArrayLike<number>, out: { set(values: ArrayLike<number>): void }) {
        adam.apply(gru.getWeights(), gru.trainable_weights);
        out.set(x);
      },
      backward() {},
    };
    const gru = new GRU(2, { activation: activation as never });
    gru.build([null, null, 3]);
    const before = gru.getWeights();
    const { cause } = expectError(() => gru.call(random([1, 2, 3])), "ERR_CALLBACK");
    expect(cause).toMatchObject({ code: "ERR_STATE" });
    expect([gru.getWeights(), adam.built]).toEqual([before, false]);
  });
});

describe("constructor arguments", () => {
  const refused: [string, () => unknown, string][] = [
    ["a misspelled key", () => new Adam({ lerning_rate: 1 } as never), 'Did you mean "learning_rate"?'],
    ["a key of another optimizer", () => new SGD({ beta_1: 0.9 } as never), "the unknown argument `beta_1`"],
    ["NaN", () => new Adam({ learning_rate: Number.NaN }), "a finite number or a learning-rate schedule"],
    ["a learning rate beyond float32", () => new Adam({ learning_rate: 1e39 }), "`learning_rate`"],
    ["a function", () => new Adam({ learning_rate: (() => 1) as never }), "`learning_rate`"],
    ["a name of a schedule", () => new Adam({ learning_rate: "CosineDecay" as never }), "`learning_rate`"],
    [
      "an unknown schedule",
      () => new Adam({ learning_rate: { class_name: "CosinDecay", config: {} } as never }),
      'Did you mean "CosineDecay"?',
    ],
    ["two clippings", () => new SGD({ clipnorm: 1, clipvalue: 1 }), "clipnorm and clipvalue"],
    ["a negative norm", () => new SGD({ clipnorm: -1 }), "for `clipnorm` of SGD but received -1"],
    ["a string for a number", () => new SGD({ momentum: "0.9" as never }), "`momentum`"],
    ["too much momentum", () => new SGD({ momentum: 1.5 }), "of at most 1"],
    ["a number for a boolean", () => new SGD({ nesterov: 1 as never }), "true or false"],
    ["a rho above 1", () => new RMSprop({ rho: 2 }), "`rho`"],
    ["a beta of 1", () => new Adam({ beta_1: 1 }), "below 1"],
    ["no weight decay for AdamW", () => new optimizers.AdamW({ weight_decay: null as never }), "`weight_decay`"],
    ["accumulation of one step", () => new SGD({ gradient_accumulation_steps: 1 }), "an integer of at least 2 or null"],
    ["half a frequency", () => new SGD({ ema_overwrite_frequency: 0.5 }), "an integer of at least 1 or null"],
    ["an average of 2", () => new SGD({ ema_momentum: 2 }), "`ema_momentum`"],
    ["a loss scale of 0", () => new SGD({ loss_scale_factor: 0 }), "above 0"],
    ["no object", () => new SGD(0.1 as never), "an object of arguments for `SGD`"],
  ];

  it.each(refused)("refuse %s", (_, make, message) => {
    expect(expectError(make, "ERR_ARGUMENT").message).toContain(message);
  });
});

describe("serialize", () => {
  it.each([[{}], [null], [undefined], ["adam"], [[]], [Object.create(null)]])("refuses %o", (value) => {
    expectError(() => optimizers.serialize(value as never), "ERR_ARGUMENT", /an optimizer for `optimizer`/);
  });
});
