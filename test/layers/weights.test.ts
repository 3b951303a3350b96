import { backendInfo, configure, constraints, GRU, regularizers, Tensor, tensor, Variable } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { count, expectError, layer, numbers, outputOf, random } from "./support.js";

const F = 3;
const U = 4;

describe("build", () => {
  it("makes Keras's variables", () => {
    const gru = new GRU(U, { name: "encoder" });
    expect([gru.built, gru.weights, gru.trainable_weights, gru.getWeights()]).toEqual([false, [], [], []]);
    gru.build([null, null, F]);
    expect(gru.built).toBe(true);
    expect(
      gru.weights.map(({ name, path, shape, dtype, trainable }) => ({ name, path, shape, dtype, trainable })),
    ).toEqual([
      { name: "kernel", path: "encoder/gru_cell/kernel", shape: [F, 3 * U], dtype: "float32", trainable: true },
      {
        name: "recurrent_kernel",
        path: "encoder/gru_cell/recurrent_kernel",
        shape: [U, 3 * U],
        dtype: "float32",
        trainable: true,
      },
      { name: "bias", path: "encoder/gru_cell/bias", shape: [2, 3 * U], dtype: "float32", trainable: true },
    ]);
    expect(gru.weights).toEqual([gru.kernel, gru.recurrent_kernel, gru.bias]);
    expect(gru.weights[0]).toBeInstanceOf(Variable);
    expect(gru.countParams()).toBe(3 * U * (F + U + 2));
  });

  it("has one bias row without reset_after, and none without use_bias", () => {
    const before = new GRU(U, { reset_after: false });
    before.build([1, 2, F]);
    expect([before.bias?.shape, before.countParams()]).toEqual([[3 * U], 3 * U * (F + U + 1)]);
    const none = new GRU(U, { use_bias: false });
    none.build([1, 2, F]);
    expect([none.bias, none.weights.length, none.countParams()]).toEqual([null, 2, 3 * U * (F + U)]);
    expect(outputOf(none.call(random([1, 2, F]))).shape).toEqual([1, U]);
  });

  it("uses Keras's default initializers", () => {
    const gru = new GRU(16);
    gru.build([null, null, 32]);
    const limit = Math.sqrt(6 / (32 + 48));
    const kernel = gru.kernel.value.data;
    expect(kernel.every((value) => Math.abs(value) <= limit)).toBe(true);
    expect(kernel.some((value) => Math.abs(value) > limit / 2)).toBe(true);
    expect(new Set(gru.bias?.value.data)).toEqual(new Set([0]));
    const rows = gru.recurrent_kernel.value.toArray() as number[][];
    const dot = (a: number[], b: number[]) => a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);
    rows.forEach((row, i) => {
      rows.forEach((other, j) => {
        expect(dot(row, other)).toBeCloseTo(i === j ? 1 : 0, 4);
      });
    });
  });

  it("is reproducible with seeded initializers", () => {
    const kernel_initializer = {
      class_name: "GlorotUniform",
      config: { seed: 3 },
      module: "keras.initializers",
      registered_name: null,
    };
    const make = () => {
      const gru = new GRU(U, { kernel_initializer });
      gru.build([null, null, F]);
      return gru.kernel.value;
    };
    expect(make()).toEqual(make());
  });

  it("again for the same features keeps the weights; for others it is an error", () => {
    const gru = layer(U, F);
    const before = gru.getWeights();
    gru.build([7, null, F]);
    expect(gru.getWeights()).toEqual(before);
    expectError(() => gru.build([null, null, F + 1]), "ERR_SHAPE", /3 features/);
    expect(gru.getWeights()).toEqual(before);
  });

  it.each([
    ["no array", 3],
    ["two dimensions", [null, 3]],
    ["four", [1, 2, 3, 4]],
    ["unknown features", [null, null, null]],
    ["negative features", [null, null, -1]],
    ["fractional features", [null, null, 1.5]],
    ["a string", [null, null, "3"]],
    ["2^31 features", [null, null, 2 ** 31]],
    ["a negative batch", [-1, null, 3]],
    ["0 timesteps", [null, 0, 3]],
  ])("refuses %s", (_what, shape) => {
    const gru = new GRU(U);
    expectError(() => gru.build(shape as never), "ERR_SHAPE", /input_shape/);
    expect(gru.built).toBe(false);
  });

  it.each([
    [2 ** 31 - 1, 1],
    [2 ** 26, 4],
    [200_000, 4],
    [4, 2 ** 31 - 1],
  ])("%d units with %d features are an error, not a crash", (units, features) => {
    const gru = new GRU(units);
    let code: unknown;
    try {
      gru.build([null, null, features]);
    } catch (error) {
      code = (error as { code?: unknown }).code;
    }
    expect(["ERR_SHAPE", "ERR_OUT_OF_MEMORY"]).toContain(code);
    expect(gru.built).toBe(false);
  });
});

describe("Variable", () => {
  it("gives its value as a copy", () => {
    const gru = layer(U, F);
    const { value } = gru.kernel;
    expect(value).toBeInstanceOf(Tensor);
    expect(value.shape).toEqual([F, 3 * U]);
    value.data.fill(0);
    value.shape.push(1);
    gru.kernel.shape.push(1);
    expect(gru.kernel.value.data).not.toEqual(value.data);
    expect(gru.kernel.shape).toEqual([F, 3 * U]);
  });

  it("assign copies, converts and counts at once", () => {
    const gru = layer(U, F);
    const inputs = random([2, 3, F]);
    const before = outputOf(gru.call(inputs)).data;
    const values = numbers(F * 3 * U, 99);
    gru.kernel.assign({ data: values, shape: [F, 3 * U] });
    const wanted = gru.kernel.value.data.slice();
    values.fill(0);
    expect(gru.kernel.value.data).toEqual(wanted);
    expect(outputOf(gru.call(inputs)).data).not.toEqual(before);
    gru.kernel.assign(gru.kernel.value.toArray() as number[][]);
    expect(gru.kernel.value.data).toEqual(wanted);
  });

  it("refuses other shapes and kinds, changing nothing", () => {
    const gru = layer(U, F);
    const before = gru.kernel.value;
    expectError(() => gru.kernel.assign(new Float32Array(5)), "ERR_SHAPE", /`kernel`/);
    expectError(() => gru.kernel.assign(random([3 * U, F])), "ERR_SHAPE");
    expectError(() => gru.kernel.assign(new BigInt64Array(F * 3 * U) as never), "ERR_DTYPE");
    expectError(() => gru.kernel.assign(3 as never), "ERR_ARGUMENT");
    expect(gru.kernel.value).toEqual(before);
  });

  it("holds its regularizer and constraint", () => {
    const constraint = new constraints.MaxNorm({ max_value: 3 });
    const gru = layer(U, F, { kernel_constraint: constraint, bias_regularizer: "l1" });
    expect(gru.kernel.constraint).toBe(constraint);
    expect(gru.kernel.regularizer).toBeNull();
    expect(gru.bias?.regularizer).toBeInstanceOf(regularizers.L1);
  });

  it("follows the layer's trainable", () => {
    const gru = layer(U, F, { trainable: false });
    expect([gru.kernel.trainable, gru.trainable_weights, gru.weights.length]).toEqual([false, [], 3]);
    gru.trainable = true;
    expect([gru.kernel.trainable, gru.trainable_weights.length]).toEqual([true, 3]);
    expectError(
      () => {
        gru.trainable = 1 as never;
      },
      "ERR_ARGUMENT",
      /trainable/,
    );
  });
});

describe("setWeights", () => {
  const shapes = [
    [F, 3 * U],
    [U, 3 * U],
    [2, 3 * U],
  ];
  const values = shapes.map((shape, index) => random(shape, 20 + index));

  it("takes tensors, nested arrays and bare typed arrays, and copies them", () => {
    const gru = layer(U, F);
    const forms = [
      values,
      values.map((value) => value.toArray() as number[][]),
      values.map(({ data }) => data),
      values.map(({ data }) => new Float64Array(data)),
    ];
    for (const form of forms) {
      gru.setWeights(layer(U, F).getWeights());
      gru.setWeights(form);
      expect(gru.getWeights()).toEqual(values);
    }
    const own = values.map(({ data }) => data.slice());
    gru.setWeights(own);
    for (const array of own) array.fill(0);
    expect(gru.getWeights()).toEqual(values);
  });

  it("is all or nothing", () => {
    const gru = layer(U, F);
    const before = gru.getWeights();
    const inputs = random([2, 3, F]);
    const output = gru.call(inputs);
    const [kernel, recurrent] = values as [Tensor, Tensor];
    expectError(() => gru.setWeights([kernel, recurrent, new Float32Array(3)]), "ERR_SHAPE", /weights\[2\]/);
    expectError(
      () => gru.setWeights([kernel, recurrent]),
      "ERR_ARGUMENT",
      /3 weights \(kernel, recurrent_kernel, bias\)/,
    );
    expectError(() => gru.setWeights([kernel, recurrent, 1 as never]), "ERR_ARGUMENT");
    expectError(() => gru.setWeights([kernel, recurrent, new BigInt64Array(24) as never]), "ERR_DTYPE");
    expectError(() => gru.setWeights([kernel, kernel, values[2] as Tensor]), "ERR_SHAPE", /weights\[1\]/);
    expectError(() => gru.setWeights({} as never), "ERR_ARGUMENT");
    expect(gru.getWeights()).toEqual(before);
    expect(gru.call(inputs)).toEqual(output);
  });

  it("survives a detached buffer", () => {
    const gru = layer(U, F);
    const before = gru.getWeights();
    const gone = new Float32Array(count([2, 3 * U]));
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    expectError(() => gru.setWeights([...values.slice(0, 2), gone]), "ERR_ARGUMENT", /detached/);
    expect(gru.getWeights()).toEqual(before);
  });

  it("needs a built layer", () => {
    const gru = new GRU(U);
    for (const use of [() => gru.setWeights(values), () => gru.kernel, () => gru.bias, () => gru.countParams()]) {
      expectError(use, "ERR_NOT_BUILT", /build\(\[null, null, features\]\)/);
    }
  });
});

describe("dispose", () => {
  it("refuses everything that needs the weights, and is idempotent", () => {
    const gru = layer(U, F, { stateful: true });
    const { kernel } = gru;
    gru.call(random([1, 2, F]));
    gru[Symbol.dispose]();
    gru.dispose();
    const uses = [
      () => gru.call(random([1, 2, F])),
      () => gru.build([null, null, F]),
      () => gru.weights,
      () => gru.kernel,
      () => gru.getWeights(),
      () => gru.setWeights([]),
      () => gru.countParams(),
      () => gru.losses,
      () => gru.states,
      () => gru.resetState(),
      () => kernel.value,
      () => kernel.assign(tensor([1])),
    ];
    for (const use of uses) expectError(use, "ERR_DISPOSED");
    expect(gru.getConfig().units).toBe(U);
  });

  it("is fine for a layer that was never built", () => {
    const gru = new GRU(U);
    gru.dispose();
    expectError(() => gru.call(random([1, 2, F])), "ERR_DISPOSED");
  });
});

describe("large weights", () => {
  it("are packed and transposed into the same by any number of threads", () => {
    const { threads } = backendInfo().cpu;
    const results = (count: number) => {
      configure({ threads: count });
      // More than 1 MiB, in 21 panels of 16 units and more of fewer.
      const gru = new GRU(325, { use_cudnn: false, kernel_initializer: "ones", recurrent_initializer: "zeros" });
      gru.build([null, null, 2]);
      gru.setWeights(gru.weights.map(({ shape }, index) => random(shape, index)));
      const pass = gru.forward(random([1, 3, 2]));
      const { inputs, weights } = pass.backward({ output: random([1, 325], 9) });
      return [pass.output, inputs, ...weights].map(({ data }) => data);
    };
    try {
      const [alone, ...others] = [1, 2, 3, 4].map(results);
      for (const other of others) expect(other).toEqual(alone);
    } finally {
      configure({ threads });
    }
  });
});
