// Numbers of 16-bit tensors inside a model: what comes from another dtype, and constants, are rounded to the tensor's dtype.
import { tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { edited, golden, type Json, loadKerasModel } from "./edited.js";

const policy = (name: string) => ({
  module: "keras",
  class_name: "DTypePolicy",
  config: { name },
  registered_name: null,
});

/** The golden Bidirectional, whose wrapper and halves have these dtypes. */
function wrapped(wrapper: string, halves: string): Uint8Array {
  return edited(golden("bidirectional/concat"), (config: Json) => {
    for (const layer of config.config.layers) {
      if (layer.class_name !== "Bidirectional") continue;
      layer.config.dtype = policy(wrapper);
      for (const half of [layer.config.layer, layer.config.backward_layer]) {
        if (!half) continue;
        half.config.dtype = policy(halves);
        // A linear activation shows a small change of an input.
        half.config.activation = "linear";
      }
    }
  });
}

describe("the inputs of a 16-bit GRU", () => {
  it.each([
    ["float32", "bfloat16"],
    ["float32", "mixed_bfloat16"],
    ["float32", "float16"],
    ["float64", "float16"],
  ])("are rounded behind a %s wrapper of %s halves", async (wrapper, halves) => {
    const rounding = halves.replace("mixed_", "");
    const [mixed, plain] = await Promise.all([
      loadKerasModel(wrapped(wrapper, halves)),
      loadKerasModel(wrapped(rounding, rounding)),
    ]);
    const shape = (mixed.inputs[0]?.shape ?? []).map((size) => size ?? 3);
    const count = shape.reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length: count }, (_, index) => 1 + Math.sin(index) / 3);
    const outputs = [mixed, plain].map((model) => {
      const result = model.predict(tensor(values, shape));
      return (result as { toArray(): unknown }).toArray();
    });
    expect(outputs[0]).toEqual(outputs[1]);
    for (const model of [mixed, plain]) model.dispose();
  });
});

/** A model of one operation of Keras on a bfloat16 input, (2), whose result it casts to float32. */
function withOperation(className: string, args: readonly unknown[], kwargs: Json): Uint8Array {
  return edited(golden("dense/bfloat16"), (config: Json) => {
    const node = (name: string, module: string, className: string, args: unknown[], kwargs: Json) => ({
      module: `keras.src.ops.${module}`,
      class_name: className,
      config: { name, ...(className === "Cast" ? { dtype: "float32" } : {}) },
      registered_name: className,
      name,
      inbound_nodes: [{ args, kwargs }],
    });
    const of = (name: string, dtype: string) => ({
      class_name: "__keras_tensor__",
      config: { shape: [null, 2], dtype, keras_history: [name, 0, 0] },
    });
    const input = {
      module: "keras.layers",
      class_name: "InputLayer",
      config: { batch_shape: [null, 2], dtype: "bfloat16", sparse: false, name: "given" },
      registered_name: null,
      name: "given",
      inbound_nodes: [],
    };
    const given = of("given", "bfloat16");
    const operands = args.map((one) => (one === "x" ? given : one));
    config.module = "keras.src.models.functional";
    config.class_name = "Functional";
    config.registered_name = "Functional";
    config.config = {
      name: "functional",
      trainable: true,
      layers: [
        input,
        node("operation", "numpy", className, operands, kwargs),
        node("cast", "core", "Cast", [of("operation", "bfloat16")], { dtype: "float32" }),
      ],
      input_layers: [["given", 0, 0]],
      output_layers: [["cast", 0, 0]],
    };
  });
}

describe("constants of bfloat16 tensors", () => {
  it.each([
    ["FullLike", ["x", 100.49], {}, [100.5, 100.5]],
    ["Where", [true, 100.49, "x"], {}, [100.5, 100.5]],
  ] as const)("of %s are rounded", async (className, args, kwargs, expected) => {
    const model = await loadKerasModel(withOperation(className, args, kwargs));
    const result = model.predict(tensor([1, 2], [1, 2])) as { toArray(): unknown };
    expect(result.toArray()).toEqual([expected]);
    model.dispose();
  });
});
