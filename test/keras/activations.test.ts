import { describe, expect, it } from "vitest";
import { Activation, getActivation } from "../../dist/keras/activations.js";
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

  it.each(["softmax", "log_softmax", "sparsemax", "threshold"])("knows %s, which is not there yet", (name) => {
    expect(messageOf("ERR_UNSUPPORTED", () => getActivation(name, "activation"))).toContain(`received "${name}"`);
  });

  it("knows activation layers, which are not there yet", () => {
    const layer = { module: "keras.layers", class_name: "LeakyReLU", config: { negative_slope: 0.2 } };
    expect(messageOf("ERR_UNSUPPORTED", () => getActivation(layer, "activation"))).toContain('"LeakyReLU"');
  });
});
