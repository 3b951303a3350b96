import { describe, expect, it } from "vitest";
import { DTypePolicy, getDTypePolicy } from "../../dist/keras/dtype_policy.js";
import { messageOf, serialized } from "./helpers.js";

const POLICIES = [
  ["float32", "float32", "float32"],
  ["float64", "float64", "float64"],
  ["float16", "float16", "float16"],
  ["bfloat16", "bfloat16", "bfloat16"],
  ["mixed_float16", "float16", "float32"],
  ["mixed_bfloat16", "bfloat16", "float32"],
] as const;

describe("getDTypePolicy", () => {
  it.each(POLICIES)("%s computes in %s and keeps variables in %s", (name, compute, variable) => {
    const policy = getDTypePolicy(name, "dtype");
    expect(policy).toMatchObject({ name, computeDtype: compute, variableDtype: variable });
    expect(policy.serialize()).toEqual(serialized("keras", "DTypePolicy", { name }));
    expect(getDTypePolicy(policy.serialize(), "dtype")).toEqual(policy);
  });

  it("takes null as Keras's default, an instance as it is, and older class names", () => {
    expect(getDTypePolicy(null, "dtype").name).toBe("float32");
    const policy = new DTypePolicy("float64");
    expect(getDTypePolicy(policy, "dtype")).toBe(policy);
    const config = { name: "mixed_float16" };
    const alias = getDTypePolicy({ class_name: "FloatDTypePolicy", config }, "dtype");
    expect(alias.serialize()).toEqual(serialized("keras", "FloatDTypePolicy", config));
    const older = getDTypePolicy({ class_name: "Policy", config }, "dtype");
    expect(older.serialize()).toEqual(serialized("keras", "DTypePolicy", config));
  });

  it.each([
    ["float23", 'for `dtype` but received "float23". Did you mean "float32"?'],
    ["Float32", 'Did you mean "float32"?'],
    ["double", "Known: float32, float64"],
    ["int32", 'received "int32"'],
    ["int8_from_float32", "Quantized policies are not supported"],
    ["int8", "Quantized policies are not supported"],
    ["", 'received ""'],
    [32, "received 32"],
    [undefined, "received undefined"],
    [serialized("keras", "DTypePolicy", { name: "int8" }), 'received "int8"'],
    [
      serialized("keras.dtype_policies", "QuantizedDTypePolicy", { mode: "int8", source_name: "float32" }),
      'received "QuantizedDTypePolicy"',
    ],
  ])("refuses %o", (value, message) => {
    expect(messageOf("ERR_DTYPE", () => getDTypePolicy(value, "dtype"))).toContain(message);
  });

  it("is as strict where a user makes a DTypePolicy", () => {
    expect(messageOf("ERR_DTYPE", () => new DTypePolicy("int8"))).toContain("Quantized policies");
    expect(messageOf("ERR_DTYPE", () => new DTypePolicy(7 as never))).toContain("for `name` but received 7. Known:");
  });

  it("refuses a policy without a name, and what is no serialized object", () => {
    const nameless = serialized("keras", "DTypePolicy", {});
    expect(messageOf("ERR_ARGUMENT", () => getDTypePolicy(nameless, "dtype"))).toContain("`dtype.config.name`");
    expect(messageOf("ERR_ARGUMENT", () => getDTypePolicy({ name: "float32" }, "dtype"))).toContain('received "name"');
  });
});
