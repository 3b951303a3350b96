import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import type { Masks, Tensors, Value } from "../compile/values.js";
import { allTrue, broadcastTo, concatenated } from "../emit/movement.js";
import { itemAxis } from "./axes.js";
import { type CallArguments, Layer } from "./layer.js";
import { anyOfLast } from "./merging.js";

/** Keras's Concatenate. */
export class ConcatenateLayer extends Layer {
  readonly #axis = this.config.axis("axis", -1);

  override get supportsMasking(): boolean {
    return true;
  }

  override causality([x]: readonly SymbolicTensor[]): Causality {
    return x !== undefined && itemAxis(this, this.#axis, x.rank) === 0 ? needsWhole("combines timesteps") : "pointwise";
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const inputs = this.tensorList(args.inputs, "inputs");
    const [first] = inputs;
    if (first === undefined) throw this.failure("ERR_SHAPE", "inputs", "at least one tensor", "none");
    const axis = itemAxis(this, this.#axis, first.rank);
    for (const x of inputs) {
      const fits =
        x.shape.length === first.shape.length && x.shape.every((size, at) => at === axis || size === first.shape[at]);
      if (!fits) throw this.shapeError("tensors of one shape but for the axis of concatenation", x);
    }
    return concatenated(builder, inputs, axis);
  }

  /** Returns *any* over the last axis of the concatenated masks. An input without a mask counts as unmasked. */
  override computeMask(builder: Builder, inputs: Value, mask: Masks | null): Masks | null {
    if (!Array.isArray(mask) || mask.every((one) => one === null)) return null;
    const tensors = this.tensorList(inputs, "inputs");
    const masks = tensors.map((x, index) => {
      const own = (mask as readonly (SymbolicTensor | null)[])[index] ?? null;
      if (own === null) return allTrue(builder, x, x.shape);
      if (own.shape.length >= x.shape.length) return own;
      return broadcastTo(builder, own.as({ shape: [...own.shape, 1] }), x.shape);
    });
    const axis = itemAxis(this, this.#axis, (tensors[0] as SymbolicTensor).rank);
    return anyOfLast(builder, concatenated(builder, masks, axis));
  }
}
