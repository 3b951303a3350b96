import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import type { Tensors } from "../compile/values.js";
import { binary, scalar, select } from "../emit/elementwise.js";
import { reduce } from "../emit/reduction.js";
import { type CallArguments, Layer } from "./layer.js";

/** Keras's Masking: steps whose features all have one value are masked, and become zero. */
export class MaskingLayer extends Layer {
  readonly #value = this.config.number("mask_value", 0);

  override get supportsMasking(): boolean {
    return true;
  }

  override causality(inputs: readonly SymbolicTensor[]): Causality {
    return inputs.every(({ shape }) => shape.length > 1) ? "pointwise" : needsWhole("combines timesteps");
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const x = this.input(args);
    if (x.shape.length === 0) throw this.shapeError("inputs of at least 2 axes", x);
    const differs = binary(builder, "not_equal", x, scalar(builder, this.#value, x.dtype), "bool");
    const kept = reduce(builder, "any", differs, { axes: [x.shape.length - 1], keepdims: true });
    const y = select(builder, kept, x, scalar(builder, 0, x.dtype));
    return y.withMask(kept.as({ shape: x.shape.slice(0, -1) }));
  }
}
