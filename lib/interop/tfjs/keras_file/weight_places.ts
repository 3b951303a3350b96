// Where each weight of a model is, in tfjs and in a weights file of Keras.
import type { CommonModel, PlainLayer } from "./common_model.js";
import { refused } from "./refusal.js";
import type { Weight } from "./rules/rule.js";
import type { Shapes } from "./shapes.js";

/** The weights of one layer. */
export interface LayerWeights {
  readonly layer: PlainLayer;
  /** In Keras's order. */
  readonly weights: readonly PlacedWeight[];
}

/** One weight of a layer. */
export interface PlacedWeight extends Weight {
  /** Its name in tfjs, which is the only one with this name in the model. */
  readonly tfjs: string;
  /** True for a weight that training changes, in a layer that is not frozen. */
  readonly isTrained: boolean;
}

/** The weights of a layer or model at the top of a model. */
export interface TopWeights {
  /** The Keras name of the layer or model. */
  readonly name: string;
  readonly layers: readonly LayerWeights[];
}

/**
 * Returns the weights of all layers of `model`.
 *
 * @throws GRUError `ERR_UNSUPPORTED` if two weights would have the same name in tfjs, which finds weights by their names.
 */
export function weightsOf(model: CommonModel, shapes: Shapes): TopWeights[] {
  const names = new Map<string, string>();
  return model.layers.map((layer) => {
    const layers = layer.kind === "input" ? [] : weightsBelow(layer, shapes);
    for (const one of layers) for (const { tfjs } of one.weights) addName(names, tfjs, one.layer.where);
    return { name: layer.name, layers };
  });
}

function addName(names: Map<string, string>, name: string, where: string): void {
  const other = names.get(name);
  if (other !== undefined) {
    throw refused(
      where,
      `tfjs finds weights by the name of their layer, and ${other} has the same name. Rename one of them`,
    );
  }
  names.set(name, where);
}

function weightsBelow(layer: CommonModel["layers"][number], shapes: Shapes): LayerWeights[] {
  if (layer.kind === "input") return [];
  if (layer.kind === "model") {
    const inner = shapes.inner(layer.name);
    return layer.model.layers.flatMap((one) => weightsBelow(one, inner));
  }
  const { rule, keras } = layer.converted;
  const [call] = layer.calls;
  const inputs = call === undefined ? [] : call.inputs.map((ref) => shapes.of(ref));
  const weights = rule.weights?.(keras, inputs) ?? [];
  return [
    {
      layer,
      weights: weights.map((weight) => ({
        ...weight,
        tfjs: `${layer.name}/${weight.name}`,
        isTrained: weight.trainable && keras.trainable !== false,
      })),
    },
  ];
}
