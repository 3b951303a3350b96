import { constraints, initializers, optimizers, regularizers, tensor, Variable } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError } from "../layers/support.js";

describe("a variable of one's own", () => {
  it("copies a tensor, in its dtype, or nested arrays in float32", () => {
    const data = new Float64Array([1, 2, 3, 4]);
    const wide = new Variable({ data, shape: [2, 2] });
    data[0] = 9;
    expect([wide.dtype, wide.shape, wide.value.toArray()]).toEqual([
      "float64",
      [2, 2],
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    const nested = new Variable([[1, 2]]);
    expect([nested.dtype, nested.shape]).toEqual(["float32", [1, 2]]);
    expect(new Variable(tensor(new Int32Array([1, 2]))).dtype).toBe("float32");
    expect(new Variable([1, 2], { dtype: "float16" }).value.toArray()).toEqual([1, 2]);
    expect(new Variable({ data, shape: [2, 2] }, { dtype: "float32", shape: [2, 2] }).dtype).toBe("float32");
  });

  it("is filled by an initializer", () => {
    const seeded = () => new initializers.GlorotUniform({ seed: 5 });
    const [one, two] = [1, 2].map(() => new Variable(seeded(), { shape: [3, 4], dtype: "float64" }));
    expect(one?.value).toEqual(two?.value);
    expect(new Variable("ones", { shape: [2] }).value.toArray()).toEqual([1, 1]);
    expect(new Variable({ class_name: "Constant", config: { value: 3 } } as never, { shape: [] }).value.toArray()).toBe(
      3,
    );
    expect(new Variable("ones", { shape: [2], dtype: "bfloat16" }).value.data).toEqual(
      new Uint16Array([0x3f80, 0x3f80]),
    );
  });

  it("has a name, a regularizer, a constraint and a note on whether it is trained", () => {
    const plain = new Variable([1]);
    expect(plain.name).toMatch(/^variable/);
    expect([plain.path, plain.trainable, plain.regularizer, plain.constraint]).toEqual([plain.name, true, null, null]);
    const all = new Variable([1], { name: "head/bias", trainable: false, regularizer: "l2", constraint: "non_neg" });
    expect([all.name, all.path, all.trainable]).toEqual(["head/bias", "head/bias", false]);
    expect(all.regularizer).toBeInstanceOf(regularizers.L2);
    expect(all.constraint).toBeInstanceOf(constraints.NonNeg);
    const sgd = new optimizers.SGD({ learning_rate: 1, name: "mine", momentum: 0.5 });
    sgd.apply([[5]], [all]);
    expect(all.value.toArray()).toEqual([0]);
    expect(sgd.variables[0]?.path).toBe("mine/head_bias_momentum");
    all.assign([7]);
    expect(all.value.toArray()).toEqual([7]);
  });

  it.each([
    ["no value", () => new Variable(undefined as never), "ERR_ARGUMENT", "`value`"],
    ["a number", () => new Variable(1 as never), "ERR_ARGUMENT", "`value`"],
    ["ragged nesting", () => new Variable([[1], [2, 3]]), "ERR_SHAPE", "value"],
    [
      "another shape",
      () => new Variable([1, 2], { shape: [2, 1] }),
      "ERR_SHAPE",
      "[2], the shape of the value, for `shape`",
    ],
    ["an initializer without a shape", () => new Variable("zeros"), "ERR_SHAPE", "the value is an initializer"],
    ["an unknown initializer", () => new Variable("zeroes", { shape: [1] }), "ERR_ARGUMENT", 'Did you mean "zeros"?'],
    ["a shape that is none", () => new Variable("zeros", { shape: [-1] }), "ERR_SHAPE", "shape[0]"],
    ["an integer dtype", () => new Variable([1], { dtype: "int32" as never }), "ERR_DTYPE", "a floating-point dtype"],
    ["an unknown dtype", () => new Variable([1], { dtype: "float23" as never }), "ERR_DTYPE", "float23"],
    ["an unknown option", () => new Variable([1], { nam: "x" } as never), "ERR_ARGUMENT", 'Did you mean "name"?'],
    ["an unknown constraint", () => new Variable([1], { constraint: "non_negative" }), "ERR_ARGUMENT", "`constraint`"],
    ["a trainable that is a number", () => new Variable([1], { trainable: 1 as never }), "ERR_ARGUMENT", "`trainable`"],
  ] as const)("cannot be made of %s", (_, make, code, message) => {
    expect(expectError(make, code).message).toContain(message);
  });
});
