// The results of reading configs of Keras 2 and tf.keras.
import { describe, expect, it } from "vitest";
import { isLegacyVersion, modernConfig } from "../../dist/keras/legacy_config.js";

const modern = (config: Record<string, unknown>, className = "GRU") =>
  modernConfig({ units: 2, ...config }, className, "g");

it.each([
  ["3.0.0", false],
  ["3.15.1", false],
  ["10.0.0", false],
  ["2.21.0", true],
  ["2.2.4-tf", true],
  ["1.2.2", true],
  [undefined, true],
])("keras_version %s", (version, legacy) => {
  expect(isLegacyVersion(version)).toBe(legacy);
});

describe("keys that Keras 3 does not know", () => {
  it("are dropped", () => {
    const old = { time_major: false, batch_input_shape: [null, 4, 2], input_length: 4, input_dtype: "float32" };
    const config = modern({ name: "g", ...old });
    for (const key of Object.keys(old)) expect(config).not.toHaveProperty(key);
    expect(config).toMatchObject({ name: "g", units: 2 });
  });

  it("time_major that is true is refused, as it turns the inputs around", () => {
    expect(() => modern({ time_major: true })).toThrow(
      expect.objectContaining({ code: "ERR_UNSUPPORTED", message: expect.stringContaining("time_major=True") }),
    );
  });

  it("the dtype of an initializer too", () => {
    const kernel_initializer = { class_name: "GlorotUniform", config: { seed: 3, dtype: "float32" } };
    expect(modern({ kernel_initializer }).kernel_initializer).toEqual({
      class_name: "GlorotUniform",
      config: { seed: 3 },
    });
  });
});

describe("defaults", () => {
  it("of a GRU that says nothing are those of Keras 2", () => {
    expect(modern({})).toMatchObject({
      reset_after: false,
      recurrent_activation: "keras2_hard_sigmoid",
      implementation: 1,
      dtype: "float32",
    });
  });

  it("do not replace what the config says", () => {
    const said = { reset_after: true, recurrent_activation: "sigmoid", implementation: 2, dtype: "float64" };
    expect(modern(said)).toMatchObject(said);
  });

  it("a CuDNNGRU computes what a GRU with these arguments does", () => {
    expect(modern({}, "CuDNNGRU")).toEqual({
      units: 2,
      activation: "tanh",
      recurrent_activation: "sigmoid",
      use_bias: true,
      reset_after: true,
      dtype: "float32",
    });
  });
});

describe("activations", () => {
  it.each([
    ["hard_sigmoid", "keras2_hard_sigmoid"],
    [{ class_name: "function", config: "hard_sigmoid" }, "keras2_hard_sigmoid"],
    ["sigmoid", "sigmoid"],
    [null, null],
    [
      { class_name: "LeakyReLU", config: { alpha: 0.1, name: "l" } },
      { class_name: "LeakyReLU", config: { negative_slope: 0.1, name: "l" } },
    ],
    [
      { class_name: "ELU", config: { alpha: 0.1 } },
      { class_name: "ELU", config: { alpha: 0.1 } },
    ],
  ])("%j", (old, now) => {
    expect(modern({ activation: old, recurrent_activation: old })).toMatchObject({
      activation: now,
      recurrent_activation: now,
    });
  });
});

describe("dtype policies", () => {
  it.each([
    [{ class_name: "Policy", config: { name: "mixed_float16" } }, "mixed_float16"],
    [{ class_name: "PolicyV1", config: { name: "float64", loss_scale: null } }, "float64"],
    [{ class_name: "Policy", config: { name: "infer_float32_vars" } }, "float32"],
    ["float64", "float64"],
    [null, "float32"],
  ])("%j", (old, now) => {
    expect(modern({ dtype: old }).dtype).toEqual(now);
  });
});

it("a layer of Keras 1 has its names of today, and applied its reset gate before the product", () => {
  const old = {
    output_dim: 3,
    inner_activation: "hard_sigmoid",
    consume_less: "gpu",
    dropout_W: 0.1,
    W_regularizer: "l2",
  };
  expect(modernConfig(old, "GRU", "old")).toEqual({
    units: 3,
    use_bias: true,
    reset_after: false,
    implementation: 2,
    recurrent_activation: "keras2_hard_sigmoid",
    activation: undefined,
    dropout: 0.1,
    kernel_regularizer: "l2",
    dtype: "float32",
  });
});

it("implementation 0 of Keras 2.0 is 1", () => {
  expect(modern({ implementation: 0 }).implementation).toBe(1);
});
