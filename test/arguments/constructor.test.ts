import { GRU, type GRUErrorCode, initializers } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError } from "../layers/support.js";

type Loose = (...values: unknown[]) => GRU;
const make: Loose = (...values) => new (GRU as unknown as new (...values: unknown[]) => GRU)(...values);

describe("forms of the constructor", () => {
  it("takes units first or among the arguments", () => {
    expect(new GRU(3).units).toBe(3);
    expect(new GRU(3, { dtype: "float64" }).dtype).toBe("float64");
    expect(new GRU({ units: 5, return_state: true }).units).toBe(5);
  });

  it("treats undefined as left out", () => {
    expect(new GRU(3, { dropout: undefined, name: undefined, seed: undefined }).getConfig().dropout).toBe(0);
  });

  it.each([
    [[], "units"],
    [[{}], "units"],
    [[4, { units: 4 }], "units"],
    [[4, 5], "GRU"],
    [[{ units: 4 }, {}], "GRU"],
    [[4, null], "GRU"],
    [[4, [1]], "GRU"],
  ])("refuses %j, naming `%s`", (values, name) => {
    expectError(() => make(...values), "ERR_ARGUMENT", `\`${name}\``);
  });
});

describe("bad values", () => {
  const bad: [name: string, values: unknown[], code?: GRUErrorCode][] = [
    ["units", [0, -1, 1.5, 2 ** 31, "4", true, null, Number.NaN, Number.POSITIVE_INFINITY, 4n, [4]]],
    ["activation", ["tanhh", 3, true, {}]],
    ["recurrent_activation", ["sigmoyd", () => 0]],
    ["use_bias", [1, 0, "true", null]],
    ["kernel_initializer", ["glorot", 1, true]],
    ["recurrent_initializer", ["orthogonale"]],
    ["bias_initializer", [[0]]],
    ["kernel_regularizer", ["l3", 0.1]],
    ["recurrent_regularizer", [true]],
    ["bias_regularizer", ["L"]],
    ["activity_regularizer", [0.5]],
    ["kernel_constraint", ["maxnorm3000", 3]],
    ["recurrent_constraint", [1]],
    ["bias_constraint", [false]],
    ["dropout", [Number.NaN, "0.5", true, null]],
    ["recurrent_dropout", [Number.NaN, "0.5", false]],
    ["seed", [1.5, "1", true, 2 ** 53, Number.NaN]],
    ["return_sequences", [1, "yes", null]],
    ["return_state", [0]],
    ["go_backwards", ["no"]],
    ["stateful", [1]],
    ["unroll", [1]],
    ["reset_after", [0]],
    ["use_cudnn", ["yes", 1, null, "Auto"]],
    ["name", [3, "a/b", true]],
    ["trainable", [1, null]],
    ["dtype", ["float31", "int32", "int8", 32, true], "ERR_DTYPE"],
    ["zero_output_for_mask", [1]],
    ["implementation", [0, 3, "2", true, null]],
    ["autocast", [1]],
    ["input_shape", [5, [1.5, 2], "3"]],
    ["input_dim", [-1, 1.5, "3", true]],
    ["cuda_device", [-1, 0.5, "0", true, null]],
  ];

  for (const [name, values, code] of bad) {
    it.each(values.map((value) => [value]))(`${name}: %p`, (value) => {
      const build = () => make(name === "units" ? { units: value } : { units: 4, [name]: value });
      const error = expectError(build, code ?? "ERR_ARGUMENT", /^Expected /);
      expect(error.message).toContain(`\`${name}`);
    });
  }

  it("units: the value given first", () => {
    expectError(() => make(0), "ERR_ARGUMENT", /positive integer below 2\^31 for `units` but received 0\./);
    expectError(() => make("4"), "ERR_ARGUMENT", /for `units` but received "4"\./);
  });
});

describe("unknown arguments", () => {
  it.each([
    ["returnSequences", "return_sequences"],
    ["return_sequence", "return_sequences"],
    ["dropuot", "dropout"],
    ["kernel_initialiser", "kernel_initializer"],
    ["use_cuDNN", "use_cudnn"],
    ["unit", "units"],
  ])("%s: did you mean %s", (wrong, right) => {
    expectError(() => make({ units: 4, [wrong]: 1 }), "ERR_ARGUMENT", new RegExp(`\`${wrong}\`.*"${right}"`));
  });

  it("lists the known ones where none is near", () => {
    expectError(() => make(4, { zzzzzzzzzz: 1 }), "ERR_ARGUMENT", /recurrent_dropout/);
  });
});

describe("dtype policies", () => {
  it.each([
    ["float32", "float32", "float32"],
    ["float64", "float64", "float64"],
    ["float16", "float16", "float16"],
    ["bfloat16", "bfloat16", "bfloat16"],
    ["mixed_float16", "float32", "float16"],
    ["mixed_bfloat16", "float32", "bfloat16"],
  ])("%s: variables in %s, results in %s", (dtype, variables, results) => {
    const serialized = { module: "keras", class_name: "DTypePolicy", config: { name: dtype }, registered_name: null };
    for (const gru of [new GRU(4, { dtype }), new GRU(4, { dtype: serialized })]) {
      expect([gru.dtype, gru.compute_dtype]).toEqual([variables, results]);
      expect(gru.getConfig().dtype).toEqual(serialized);
    }
  });
});

describe("accepted values", () => {
  it("clamps rates to 0..1, as Keras does", () => {
    const config = new GRU(4, { dropout: -0.5, recurrent_dropout: 7 }).getConfig();
    expect([config.dropout, config.recurrent_dropout]).toEqual([0, 1]);
  });

  it("takes null where Keras takes None", () => {
    const gru = new GRU(4, {
      activation: null,
      recurrent_activation: null,
      kernel_initializer: null,
      kernel_regularizer: null,
      kernel_constraint: null,
      seed: null,
      name: null,
      dtype: null,
      input_shape: null,
      input_dim: null,
    });
    expect(gru.getConfig()).toMatchObject({ activation: "linear", recurrent_activation: "linear", seed: null });
  });

  it("takes instances and serialized objects", () => {
    const gru = new GRU(4, {
      kernel_initializer: new initializers.Ones(),
      recurrent_initializer: { module: "keras.initializers", class_name: "Zeros", config: {}, registered_name: null },
    });
    gru.build([null, null, 2]);
    expect(new Set(gru.kernel.value.data)).toEqual(new Set([1]));
    expect(new Set(gru.recurrent_kernel.value.data)).toEqual(new Set([0]));
  });

  it("takes input_shape and input_dim without building, as Keras does", () => {
    expect(new GRU(4, { input_shape: [null, 3] }).built).toBe(false);
    expect(new GRU(4, { input_dim: 3 }).built).toBe(false);
  });

  it("takes negative seeds", () => {
    expect(new GRU(4, { seed: -3 }).getConfig().seed).toBe(-3);
  });
});

describe("default names", () => {
  it("count up, and only for layers that were made without a name", () => {
    const first = new GRU(1).name;
    const start = first === "gru" ? 0 : Number(first.slice("gru_".length));
    expect(new GRU(1, { name: "mine" }).name).toBe("mine");
    expect(() => make(0)).toThrow();
    expect(new GRU(1).name).toBe(`gru_${start + 1}`);
    expect(new GRU(1).name).toBe(`gru_${start + 2}`);
  });
});
