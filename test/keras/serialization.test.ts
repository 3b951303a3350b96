import { describe, expect, it } from "vitest";
import { readSerialized } from "../../dist/keras/serialization.js";
import { messageOf } from "./helpers.js";

describe("readSerialized", () => {
  it("reads Keras 3's form and drops what belongs to built objects", () => {
    const form = { module: "keras.initializers", class_name: "Zeros", config: { a: 1 }, registered_name: null };
    expect(readSerialized(form, "x")).toEqual(form);
    expect(readSerialized({ ...form, build_config: {}, compile_config: {}, shared_object_id: 7 }, "x")).toEqual(form);
  });

  it("fills in what Keras 2 leaves out", () => {
    const empty = { module: null, class_name: "Zeros", config: {}, registered_name: null };
    expect(readSerialized({ class_name: "Zeros", config: {} }, "x")).toEqual(empty);
    expect(readSerialized({ class_name: "Zeros" }, "x")).toEqual(empty);
    expect(readSerialized({ class_name: "Zeros", config: null }, "x")).toEqual(empty);
  });

  it("takes a function's name as config, and modules inside Keras's packages", () => {
    for (const module of ["builtins", "keras.activations", "keras.src.activations", "tensorflow.keras.activations"]) {
      const form = { module, class_name: "function", config: "tanh", registered_name: "tanh" };
      expect(readSerialized(form, "x")).toEqual(form);
    }
  });

  it.each([
    [7, "Expected a serialized Keras object for `bias_initializer` but received 7."],
    [["Zeros"], "received [ 'Zeros' ]"],
    [new Float32Array(1), "received Float32Array(1) [ 0 ]"],
    [{}, "Expected a string for `bias_initializer.class_name` but received undefined."],
    [{ class_name: 3 }, "`bias_initializer.class_name` but received 3"],
    [{ class_name: "Zeros", confg: {} }, 'received "confg". Did you mean "config"?'],
    [{ class_name: "Zeros", config: 4 }, "`bias_initializer.config` but received 4"],
    [{ class_name: "Zeros", config: [] }, "`bias_initializer.config` but received []"],
    [{ class_name: "Zeros", module: 1 }, "`bias_initializer.module` but received 1"],
    [{ class_name: "Zeros", registered_name: {} }, "`bias_initializer.registered_name` but received {}"],
    [{ class_name: "Zeros", module: null }, 'the custom "Zeros" of module null'],
    [{ class_name: "Zeros", module: "my.models" }, 'of module "my.models"'],
    [{ class_name: "Zeros", module: "kerasish" }, 'of module "kerasish"'],
    [{ class_name: "Zeros", module: "keras", registered_name: "pkg>Zeros" }, 'the custom "pkg>Zeros"'],
  ])("refuses %o", (value, message) => {
    expect(messageOf("ERR_ARGUMENT", () => readSerialized(value, "bias_initializer"))).toContain(message);
  });
});
