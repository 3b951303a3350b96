import type { Builder } from "../compile/builder.js";
import type { Tensors, Value } from "../compile/values.js";
import { unsupported } from "../graph/entry.js";
import { Operation } from "../operations/operation.js";
import { tensorFlowFunction } from "../operations/tensorflow.js";
import { type CallArguments, Layer, type LayerSource } from "./layer.js";

/** tf.keras 2's TFOpLambda and SlicingOpLambda: a function of TensorFlow as a layer. It loses the mask. */
export class FunctionLayer extends Layer {
  readonly #operation: Operation;

  constructor(source: LayerSource) {
    super(source);
    const name = this.config.raw("function");
    if (typeof name !== "string") throw this.config.wrong("function", "the name of a function of TensorFlow");
    const definition = tensorFlowFunction(name);
    if (definition === undefined) throw unsupported(this.entry, `the function tf.${name} is not supported`);
    this.#operation = new Operation(this.entry, definition);
  }

  /** TensorFlow's functions take their arguments as they are. */
  override get inputDtype(): null {
    return null;
  }

  override get takesOtherArguments(): boolean {
    return true;
  }

  override call(builder: Builder, { inputs, ...others }: CallArguments): Tensors {
    return this.#operation.call(builder, [inputs as Value], others);
  }
}
