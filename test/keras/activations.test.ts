import { describe, expect, it } from "vitest";
import { Activation } from "../../dist/keras/activation.js";
import { getActivation } from "../../dist/keras/activations.js";
import { DTypePolicy } from "../../dist/keras/dtype_policy.js";
import { messageOf } from "./helpers.js";

/** Each name that `keras.activations.get` takes and a GRU can use, with the name that Keras 3.15 writes for it. */
const NAMES: [given: string, written: string][] = [
  ["relu", "relu"],
  ["leaky_relu", "leaky_relu"],
  ["relu6", "relu6"],
  ["celu", "celu"],
  ["elu", "elu"],
  ["selu", "selu"],
  ["softplus", "softplus"],
  ["softsign", "softsign"],
  ["squareplus", "squareplus"],
  ["soft_shrink", "soft_shrink"],
  ["sparse_plus", "sparse_plus"],
  ["silu", "silu"],
  ["swish", "silu"],
  ["gelu", "gelu"],
  ["tanh", "tanh"],
  ["tanh_shrink", "tanh_shrink"],
  ["sigmoid", "sigmoid"],
  ["sparse_sigmoid", "sparse_sigmoid"],
  ["exponential", "exponential"],
  ["hard_sigmoid", "hard_sigmoid"],
  ["hard_silu", "hard_silu"],
  ["hard_swish", "hard_silu"],
  ["hard_tanh", "hard_tanh"],
  ["hard_shrink", "hard_shrink"],
  ["linear", "linear"],
  ["mish", "mish"],
  ["log_sigmoid", "log_sigmoid"],
  ["softmax", "softmax"],
  ["log_softmax", "log_softmax"],
  ["sparsemax", "sparsemax"],
];

describe("getActivation", () => {
  it.each(NAMES)("takes %s and writes %s", (given, written) => {
    const activation = getActivation(given, "activation");
    expect(activation.serialize()).toBe(written);
    expect(activation.native()).toEqual({ name: written, parameters: [] });
    expect(getActivation(activation.serialize(), "activation")).toEqual(activation);
  });

  it("takes null as linear, and an instance as it is", () => {
    expect(getActivation(null, "activation").serialize()).toBe("linear");
    const activation = new Activation("tanh");
    expect(getActivation(activation, "activation")).toBe(activation);
  });

  it("takes the forms in which Keras 3 has written functions", () => {
    for (const form of [
      { module: "builtins", class_name: "function", config: "tanh", registered_name: "function" },
      { module: "keras.activations", class_name: "function", config: "tanh", registered_name: "tanh" },
      { module: "keras.activations", class_name: "tanh", config: {}, registered_name: null },
    ]) {
      expect(getActivation(form, "activation").serialize()).toBe("tanh");
    }
  });

  it("is as strict where a user makes an Activation", () => {
    expect(new Activation("swish").native()).toEqual({ name: "silu", parameters: [] });
    expect(messageOf("ERR_ARGUMENT", () => new Activation("tahn"))).toContain('for `name` but received "tahn"');
    expect(messageOf("ERR_ARGUMENT", () => new Activation(3 as never))).toContain("received 3");
  });

  it.each([
    ["tahn", 'for `recurrent_activation` but received "tahn". Did you mean "tanh"?'],
    ["HardSigmoid", 'Did you mean "hard_sigmoid"?'],
    ["", "Known: relu, leaky_relu"],
    ["toString", "Known: "],
    [3, "received 3"],
    [true, "received true"],
    [undefined, "received undefined"],
    [() => 0, "received [Function"],
    [{ module: "builtins", class_name: "function", config: "mine", registered_name: "function" }, 'received "mine"'],
    [{ module: "builtins", class_name: "function", config: {} }, "`recurrent_activation.config` but received {}"],
    [{ module: null, class_name: "function", config: "tanh", registered_name: "tanh" }, 'the custom "tanh"'],
  ])("refuses %o", (value, message) => {
    expect(messageOf("ERR_ARGUMENT", () => getActivation(value, "recurrent_activation"))).toContain(message);
  });

  it("says that glu halves the width", () => {
    expect(messageOf("ERR_ARGUMENT", () => getActivation("glu", "activation"))).toContain("halves");
  });

  it("names the way in for a function of the user's", () => {
    const message = messageOf("ERR_ARGUMENT", () => getActivation("mine", "activation"));
    expect(message).toContain("{ name, forward, backward }");
    expect(message).toContain("custom_objects");
  });
});

describe("threshold", () => {
  const parameters = { threshold: 0.5, default_value: -1 };

  it("has its parameters, and keeps them in a config", () => {
    const activation = new Activation("threshold", parameters);
    expect(activation.native()).toEqual({ name: "threshold", parameters: [0.5, -1] });
    const written = activation.serialize();
    expect(written).toEqual({
      module: "keras.activations",
      class_name: "threshold",
      config: parameters,
      registered_name: null,
    });
    expect(getActivation(written, "activation")).toEqual(activation);
  });

  it.each([
    ["threshold", "Pass new Activation"],
    [{ module: "keras.activations", class_name: "threshold", config: {} }, "`threshold` and `default_value`"],
    [{ module: "keras.activations", class_name: "threshold", config: { threshold: 1 } }, "`default_value`"],
    [{ module: "builtins", class_name: "function", config: "threshold", registered_name: "function" }, "Pass new"],
    [
      { module: "keras.activations", class_name: "threshold", config: { ...parameters, theta: 1 } },
      "the unknown argument `theta`",
    ],
    [
      { module: "keras.activations", class_name: "threshold", config: { threshold: "1", default_value: 0 } },
      "finite number",
    ],
  ])("is refused without them: %o", (value, message) => {
    expect(messageOf("ERR_ARGUMENT", () => getActivation(value, "activation"))).toContain(message);
  });

  it("is the only function with parameters", () => {
    const message = messageOf("ERR_ARGUMENT", () => new Activation("relu", parameters));
    expect(message).toContain("activation layers");
  });
});

describe("tf.keras 2's hard_sigmoid", () => {
  it.each(["keras2_hard_sigmoid", "cudnn_gru>keras2_hard_sigmoid"])("is %s, and no function of Keras 3's", (name) => {
    const activation = getActivation(name, "recurrent_activation");
    expect(activation.native()).toEqual({ name: "keras2_hard_sigmoid", parameters: [] });
    const written = activation.serialize();
    expect(written).toEqual({
      module: "builtins",
      class_name: "function",
      config: "cudnn_gru>keras2_hard_sigmoid",
      registered_name: "function",
    });
    expect(getActivation(written, "recurrent_activation")).toEqual(activation);
  });
});

const layer = (class_name: string, config: Record<string, unknown> = {}, module = "keras.layers") => ({
  module,
  class_name,
  config,
  registered_name: null,
});

describe("activation layers", () => {
  it.each([
    [layer("LeakyReLU"), "leaky_relu", [0.3]],
    [layer("LeakyReLU", { negative_slope: 0 }), "leaky_relu", [0]],
    [layer("LeakyReLU", { alpha: 0.2 }), "leaky_relu", [0.2]],
    [layer("LeakyReLU", { alpha: 0.2, negative_slope: 0.4 }), "leaky_relu", [0.2]],
    [layer("ELU"), "elu", [1]],
    [layer("ELU", { alpha: 0.5 }), "elu", [0.5]],
    [layer("ReLU"), "relu", [0, Number.POSITIVE_INFINITY, 0]],
    [layer("ReLU", { max_value: null }), "relu", [0, Number.POSITIVE_INFINITY, 0]],
    [layer("ReLU", { max_value: 1, negative_slope: 0.1, threshold: 0.2 }), "relu", [0.1, 1, 0.2]],
    [layer("Softmax"), "softmax", []],
    [layer("Softmax", { axis: 1 }), "softmax", []],
    [layer("Softmax", { axis: [-1] }), "softmax", []],
    [layer("Activation", { activation: "swish" }), "silu", []],
    [layer("Activation", { activation: null }), "linear", []],
    [layer("Activation", { activation: layer("ELU", { alpha: 3 }) }), "elu", [3]],
  ])("%o computes %s %o", (value, name, parameters) => {
    const activation = getActivation(value, "activation");
    expect(activation.native()).toEqual({ name, parameters });
    expect(activation.name).toBe(value.class_name);
    // A config that was written makes the same layer when it is read, including its name.
    const again = getActivation(activation.serialize(), "activation");
    expect(again.serialize()).toEqual(activation.serialize());
    expect(again.native()).toEqual(activation.native());
  });

  it("are named as Keras names layers", () => {
    const names = ["LeakyReLU", "ReLU", "ELU", "Softmax"].map((one) => {
      const first = getActivation(layer(one), "activation").serialize() as unknown as { config: { name: string } };
      const second = getActivation(layer(one), "activation").serialize() as unknown as { config: { name: string } };
      const count = Number(/_(\d+)$/.exec(first.config.name)?.[1] ?? 0);
      expect(second.config.name.replace(/_\d+$/, "")).toBe(first.config.name.replace(/_\d+$/, ""));
      expect(second.config.name.endsWith(`_${count + 1}`)).toBe(true);
      return first.config.name.replace(/_\d+$/, "");
    });
    expect(names).toEqual(["leaky_re_lu", "re_lu", "elu", "softmax"]);
  });

  it("have the GRU's dtype where they say none, and no other", () => {
    const policy = new DTypePolicy("mixed_bfloat16");
    const own = getActivation(layer("ELU"), "activation", policy).serialize() as unknown as {
      config: { dtype: unknown };
    };
    expect(own.config.dtype).toEqual(policy.serialize());
    // The same compute dtype under another policy is as good, in Keras too.
    getActivation(layer("ELU", { dtype: "bfloat16" }), "activation", policy);
    const message = messageOf("ERR_DTYPE", () =>
      getActivation(layer("ELU", { dtype: "float32" }), "activation", policy),
    );
    expect(message).toContain("computes in bfloat16");
    expect(message).toContain("`activation.config.dtype`");
    const inner = layer("Activation", { activation: layer("ELU", { dtype: "float64" }) });
    expect(messageOf("ERR_DTYPE", () => getActivation(inner, "activation"))).toContain(
      "`activation.config.activation.config.dtype`",
    );
  });

  it.each([
    [layer("LeakyReLU", { negative_slope: -1 }), "`negative_slope` of LeakyReLU"],
    [layer("LeakyReLU", { negative_slope: null }), "`negative_slope` of LeakyReLU"],
    [layer("LeakyReLU", { alpha: "0.1" }), "`alpha` of LeakyReLU"],
    [layer("LeakyReLU", { negative_slop: 1 }), 'Did you mean "negative_slope"?'],
    [layer("ELU", { alpha: Number.NaN }), "`alpha` of ELU"],
    [layer("ReLU", { max_value: -1 }), "`max_value` of ReLU"],
    [layer("ReLU", { threshold: -0.1 }), "`threshold` of ReLU"],
    [layer("ReLU", { name: 3 }), "`name` of ReLU"],
    [layer("ReLU", { trainable: 1 }), "`trainable` of ReLU"],
    [layer("Softmax", { axis: 0.5 }), "`axis` of Softmax"],
    [layer("Activation", { activation: "tahn" }), '`gate.config.activation` but received "tahn"'],
    [layer("Activation"), "`gate.config.activation` but received undefined"],
    [layer("Activation", { activation: "glu" }), "halves"],
    [{ ...layer("ReLU"), registered_name: "mine>ReLU" }, 'the custom "mine>ReLU"'],
  ])("refuse %o", (value, message) => {
    const said = messageOf("ERR_ARGUMENT", () => getActivation(value, "gate"));
    expect(said).toContain(message);
    expect(said).toContain("`gate");
  });

  it.each([
    [layer("PReLU"), "PReLU has weights of its own"],
    [layer("Dropout", { rate: 0.5 }), 'received "Dropout"'],
    [layer("LeakyRelu"), 'Did you mean "LeakyReLU"?'],
    [layer("Softmax", { axis: 0 }), "`gate.config.axis` but received 0"],
    [layer("Softmax", { axis: [0, 1] }), "`gate.config.axis` but received [ 0, 1 ]"],
    [layer("ReLU", { activity_regularizer: "l2" }), "`activity_regularizer` of ReLU"],
  ])("do not stand for %o", (value, message) => {
    expect(messageOf("ERR_UNSUPPORTED", () => getActivation(value, "gate"))).toContain(message);
  });
});

describe("custom activations", () => {
  const mine = { name: "mine", forward() {}, backward() {} };

  it("are written as Keras writes functions that are not its own", () => {
    const activation = getActivation(mine, "activation");
    expect([activation.name, activation.custom, activation.native()]).toEqual([
      "mine",
      mine,
      { name: "custom", parameters: [] },
    ]);
    expect(activation.serialize()).toEqual({
      module: "builtins",
      class_name: "function",
      config: "mine",
      registered_name: "function",
    });
  });

  it.each([
    [{ ...mine, name: "" }, "`activation.name`"],
    [{ ...mine, name: 3 }, "`activation.name`"],
    [{ forward() {}, backward() {} }, "`activation.name`"],
    [{ ...mine, name: "tanh" }, "no Keras activation"],
    [{ ...mine, name: "glu" }, "no Keras activation"],
    [{ ...mine, name: "keras2_hard_sigmoid" }, "no Keras activation"],
    [{ ...mine, forward: 3 }, "`activation.forward`"],
    [{ name: "mine", forward() {} }, "`activation.backward` but received undefined"],
  ])("need a name and two functions: %o", (value, message) => {
    expect(messageOf("ERR_ARGUMENT", () => getActivation(value, "activation"))).toContain(message);
  });
});
