// A model that both Keras and tfjs can have. Files and models are converted to it, and it is what is checked.
import type { ConvertedLayer } from "./convert_layer.js";
import type { MaskExpression } from "./mask_expression.js";
import type { Ref } from "./ref.js";
import type { Shape } from "./rules/rule.js";

/** One call of a layer. */
export interface Call {
  /** The tensors that it takes, in order. */
  readonly inputs: readonly Ref[];
  /** The states with which a recurrent layer starts, if it is called with some. */
  readonly states: readonly Ref[];
  /** The mask that a file says the layer is called with. It wins over the mask of the inputs. */
  readonly mask?: MaskExpression | undefined;
}

interface AnyLayer {
  readonly name: string;
  /** Names the layer in messages. */
  readonly where: string;
  /** The calls in this model. An input has none. */
  readonly calls: readonly Call[];
  /** The group of its weights in a weights file of Keras 3, such as `layers/gru_1`. */
  readonly group: string;
}

/** An input of a model. */
export interface InputLayer extends AnyLayer {
  readonly kind: "input";
  readonly shape: Shape;
  readonly dtype: string;
}

/** A layer that is no model. */
export interface PlainLayer extends AnyLayer {
  readonly kind: "layer";
  readonly converted: ConvertedLayer;
  /** True for a CuDNNGRU of Keras 2, whose weights have a layout of their own in the file. */
  readonly isCudnn: boolean;
}

/** A model inside a model. */
export interface InnerModel extends AnyLayer {
  readonly kind: "model";
  readonly model: CommonModel;
}

/** A layer of a model. */
export type CommonLayer = InputLayer | PlainLayer | InnerModel;

/** A Sequential or functional model. */
export interface CommonModel {
  readonly kind: "Sequential" | "Functional";
  readonly name: string;
  /** In the order in which the config has them. A Sequential begins with its input. */
  readonly layers: readonly CommonLayer[];
  readonly inputs: readonly Ref[];
  readonly outputs: readonly Ref[];
}

/** Returns the number of outputs of a layer. */
export function outputCount(layer: CommonLayer): number {
  if (layer.kind === "input") return 1;
  if (layer.kind === "model") return layer.model.outputs.length;
  const { rule, keras } = layer.converted;
  if (rule.keras === "Bidirectional") {
    const half = (keras.layer as { config: Record<string, unknown> }).config;
    return (keras.merge_mode === null ? 2 : 1) + (half.return_state === true ? 2 : 0);
  }
  if (keras.return_state !== true) return 1;
  return rule.keras === "LSTM" ? 3 : 2;
}

/** Returns the class of a layer in Keras. */
export function kerasClass(layer: CommonLayer): string {
  if (layer.kind === "input") return "InputLayer";
  return layer.kind === "model" ? layer.model.kind : layer.converted.rule.keras;
}
