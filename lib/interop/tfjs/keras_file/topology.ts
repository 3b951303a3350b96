// The config from which tfjs makes a model, in the spelling of its code.
import type { CommonLayer, CommonModel } from "./common_model.js";
import type { Ref } from "./ref.js";
import type { Config } from "./rules/rule.js";
import { type Shapes, sizedConfig } from "./shapes.js";

/** Returns tfjs's serialized form of `model`. */
export function tfjsTopology(model: CommonModel, shapes: Shapes): { class_name: string; config: Config } {
  return { class_name: model.kind, config: configOf(model, shapes) };
}

function configOf(model: CommonModel, shapes: Shapes): Config {
  const { name, layers, inputs, outputs } = model;
  if (model.kind === "Sequential") return { name, layers: layers.map((layer) => serializedLayer(layer, shapes)) };
  const inner = new Set(layers.filter(({ kind }) => kind === "model").map((layer) => layer.name));
  /** Returns a tensor as tfjs names it. It counts the making of an inner model as its first call. */
  const place = ({ layer, call, output }: Ref) => [layer, inner.has(layer) ? call + 1 : call, output];
  return {
    name,
    layers: layers.map((layer) => ({
      name: layer.name,
      ...serializedLayer(layer, shapes),
      inboundNodes: layer.calls.map(({ inputs, states }) => [...inputs, ...states].map((ref) => [...place(ref), {}])),
    })),
    inputLayers: inputs.map((ref) => place(ref)),
    outputLayers: outputs.map((ref) => place(ref)),
  };
}

function serializedLayer(layer: CommonLayer, shapes: Shapes): { className: string; config: Config } {
  switch (layer.kind) {
    case "input": {
      const { shape, dtype, name } = layer;
      return { className: "InputLayer", config: { batchInputShape: shape, dtype, sparse: false, name } };
    }
    case "model":
      return { className: layer.model.kind, config: configOf(layer.model, shapes.inner(layer.name)) };
    case "layer": {
      const [input] = layer.calls[0]?.inputs ?? [];
      const config = sizedConfig(layer.converted, input === undefined ? [] : shapes.of(input));
      return { className: layer.converted.rule.tfjs, config };
    }
  }
}
