// The serialized model that Keras 3 writes into config.json.
import { type Call, type CommonLayer, type CommonModel, kerasClass } from "./common_model.js";
import { symbolicMasks, takesMask } from "./keras_order.js";
import type { Ref } from "./ref.js";
import type { Config, Shape } from "./rules/rule.js";
import { serialized } from "./rules/vocabularies.js";
import type { Shapes } from "./shapes.js";
import { MaskWriter } from "./write_masks.js";

const FLOAT32 = serialized("keras", "DTypePolicy", { name: "float32" });

/** Returns Keras 3's serialized form of `model`. */
export function kerasConfig(model: CommonModel, shapes: Shapes): Config {
  return model.kind === "Sequential" ? sequential(model, shapes) : functional(model, shapes);
}

function sequential({ name, layers, inputs }: CommonModel, shapes: Shapes): Config {
  return serialized("keras", "Sequential", {
    ...{ name, trainable: true, dtype: FLOAT32 },
    layers: layers.map((layer) => serializedLayer(layer, shapes)),
    build_input_shape: shapes.of(inputs[0] as Ref),
  });
}

function functional(model: CommonModel, shapes: Shapes): Config {
  const { name, layers, inputs, outputs } = model;
  const functionals = new Set(layers.filter((layer) => kerasClass(layer) === "Functional").map((layer) => layer.name));
  const dtypes = new Map(
    layers.flatMap((layer) => (layer.kind === "input" ? [[layer.name, layer.dtype] as const] : [])),
  );
  const tensor = (ref: Ref) => {
    return kerasTensor(shapes.of(ref), dtypes.get(ref.layer) ?? "float32", [ref.layer, ref.call, ref.output]);
  };
  const masks = symbolicMasks(model);
  const names = layers.map((layer) => layer.name);
  const writer = new MaskWriter(names, kerasTensor, tensor, (ref) => shapes.of(ref));
  const call = (layer: CommonLayer, { inputs: given, states }: Call, number: number) => {
    const list = given.map(tensor);
    const mask = takesMask(layer) ? masks.read(layer.name, number) : null;
    const initial = states.map(tensor);
    const kwargs = {
      ...(initial.length === 0 ? {} : { initial_state: initial.length === 1 ? initial[0] : initial }),
      ...(mask === null ? {} : { mask: writer.argument(mask) }),
    };
    return { args: [list.length === 1 ? list[0] : list], kwargs };
  };
  const written = layers.map((layer) => ({
    ...serializedLayer(layer, shapes),
    name: layer.name,
    inbound_nodes: layer.calls.map((one, number) => call(layer, one, number)),
  }));
  // Keras counts the making of a functional model as its first call, but only here.
  const place = ({ layer, call: number, output }: Ref) => [layer, functionals.has(layer) ? number + 1 : number, output];
  const places = (refs: readonly Ref[]) => (refs.length === 1 ? place(refs[0] as Ref) : refs.map(place));
  return {
    ...serialized("keras.src.models.functional", "Functional", {
      ...{ name, trainable: true },
      layers: [...written, ...writer.operations],
      input_layers: places(inputs),
      output_layers: places(outputs),
    }),
    registered_name: "Functional",
  };
}

/** Returns a tensor as Keras serializes it in calls. */
function kerasTensor(
  shape: Shape,
  dtype: string,
  history: readonly [name: string, call: number, output: number],
): Config {
  return { class_name: "__keras_tensor__", config: { shape, dtype, keras_history: history } };
}

function serializedLayer(layer: CommonLayer, shapes: Shapes): Config {
  switch (layer.kind) {
    case "input": {
      const { shape, dtype, name } = layer;
      const config = { batch_shape: shape, dtype, sparse: false, ragged: false, name, optional: false };
      return serialized("keras.layers", "InputLayer", config);
    }
    case "model":
      return kerasConfig(layer.model, shapes.inner(layer.name));
    case "layer": {
      const { rule, keras } = layer.converted;
      const { trainable, ...others } = keras;
      // Keras 3.15 does not accept its own argument here.
      const own = rule.keras === "SpatialDropout1D" ? others : { ...others, trainable };
      return serialized("keras.layers", rule.keras, { ...own, dtype: FLOAT32 });
    }
  }
}
