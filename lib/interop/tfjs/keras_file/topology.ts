// The config from which tfjs makes a model, in the spelling of its code.
import type { CommonLayer, CommonModel } from "./common_model.js";
import type { Ref } from "./ref.js";
import type { Config } from "./rules/rule.js";

/** Returns tfjs's serialized form of `model`. */
export function tfjsTopology(model: CommonModel): { class_name: string; config: Config } {
  return { class_name: model.kind, config: configOf(model) };
}

function configOf(model: CommonModel): Config {
  const { name, layers, inputs, outputs } = model;
  if (model.kind === "Sequential") return { name, layers: layers.map((layer) => serializedLayer(layer)) };
  const inner = new Set(layers.filter(({ kind }) => kind === "model").map((layer) => layer.name));
  /** Returns a tensor as tfjs names it. It counts the making of an inner model as its first call. */
  const place = ({ layer, call, output }: Ref) => [layer, inner.has(layer) ? call + 1 : call, output];
  return {
    name,
    layers: layers.map((layer) => ({
      name: layer.name,
      ...serializedLayer(layer),
      inboundNodes: layer.calls.map(({ inputs, states }) => [...inputs, ...states].map((ref) => [...place(ref), {}])),
    })),
    inputLayers: inputs.map((ref) => place(ref)),
    outputLayers: outputs.map((ref) => place(ref)),
  };
}

function serializedLayer(layer: CommonLayer): { className: string; config: Config } {
  switch (layer.kind) {
    case "input": {
      const { shape, dtype, name } = layer;
      return { className: "InputLayer", config: { batchInputShape: shape, dtype, sparse: false, name } };
    }
    case "model":
      return { className: layer.model.kind, config: configOf(layer.model) };
    case "layer":
      return { className: layer.converted.rule.tfjs, config: layer.converted.tfjs };
  }
}
