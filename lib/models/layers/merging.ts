import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import type { Masks, Tensors, Value } from "../compile/values.js";
import { binary, scalar, select } from "../emit/elementwise.js";
import { broadcastTo } from "../emit/movement.js";
import { reduce } from "../emit/reduction.js";
import { type CallArguments, Layer } from "./layer.js";

/** A layer that merges tensors element by element. */
abstract class MergeLayer extends Layer {
  override get supportsMasking(): boolean {
    return true;
  }

  override causality(inputs: readonly SymbolicTensor[]): Causality {
    return inputs.every(({ rank }) => rank === inputs[0]?.rank) ? "pointwise" : needsWhole("combines timesteps");
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const inputs = this.tensorList(args.inputs, "inputs");
    if (inputs.length === 0) throw this.failure("ERR_SHAPE", "inputs", "at least one tensor", "none");
    return this.merge(builder, ofOneRank(inputs));
  }

  /** Merges tensors that have the same number of axes. */
  protected abstract merge(builder: Builder, inputs: readonly SymbolicTensor[]): SymbolicTensor;

  /** Returns OR of the masks, or none if one input has none. */
  override computeMask(builder: Builder, _inputs: Value, mask: Masks | null): Masks | null {
    if (!Array.isArray(mask)) return null;
    const masks = mask as readonly (SymbolicTensor | null)[];
    if (masks.some((one) => one === null)) return null;
    return (masks as readonly SymbolicTensor[]).reduce((all, one) => binary(builder, "logical_or", all, one, "bool"));
  }
}

/** Keras adds axes of length 1 behind the batch to tensors of fewer axes than the others. */
function ofOneRank(inputs: readonly SymbolicTensor[]): SymbolicTensor[] {
  const rank = Math.max(...inputs.map(({ shape }) => shape.length));
  return inputs.map((x) => {
    if (x.shape.length === rank) return x;
    return x.as({ shape: [...new Array<number>(rank - x.shape.length).fill(1), ...x.shape] });
  });
}

/** Keras's Add. */
export class AddLayer extends MergeLayer {
  protected override merge(builder: Builder, inputs: readonly SymbolicTensor[]): SymbolicTensor {
    return inputs.reduce((sum, x) => binary(builder, "add", sum, x));
  }
}

/** Keras's Average. */
export class AverageLayer extends MergeLayer {
  protected override merge(builder: Builder, inputs: readonly SymbolicTensor[]): SymbolicTensor {
    const sum = inputs.reduce((all, x) => binary(builder, "add", all, x));
    return binary(builder, "divide", sum, scalar(builder, inputs.length, sum.dtype));
  }
}

/** Keras's Subtract. */
export class SubtractLayer extends MergeLayer {
  protected override merge(builder: Builder, inputs: readonly SymbolicTensor[]): SymbolicTensor {
    const [a, b] = inputs;
    if (a === undefined || b === undefined || inputs.length > 2) {
      throw this.failure("ERR_SHAPE", "inputs", "two tensors", `${inputs.length}`);
    }
    return binary(builder, "subtract", a, b);
  }
}

/** Keras's Multiply. Masked elements count as ones, and where all are masked the product is zero. */
export class MultiplyLayer extends MergeLayer {
  protected override merge(builder: Builder, inputs: readonly SymbolicTensor[]): SymbolicTensor {
    const masks = inputs.map((x) => expandedMask(builder, x));
    const factors = inputs.map((x, index) => {
      const mask = masks[index] ?? null;
      return mask === null ? x : select(builder, mask, x, scalar(builder, 1, x.dtype));
    });
    const output = factors.reduce((all, x) => binary(builder, "multiply", all, x));
    if (masks.some((mask) => mask === null)) return output.withMask(null);
    const either = (masks as SymbolicTensor[]).reduce((all, mask) => binary(builder, "logical_or", all, mask, "bool"));
    return select(builder, either, output, scalar(builder, 0, output.dtype)).withMask(anyOfLast(builder, either));
  }
}

/** Keras's Maximum and Minimum. A masked element counts only where the other one is masked too. */
abstract class ExtremeLayer extends MergeLayer {
  protected abstract readonly fn: "maximum" | "minimum";

  protected override merge(builder: Builder, inputs: readonly SymbolicTensor[]): SymbolicTensor {
    let [output] = inputs as [SymbolicTensor];
    let outputMask = expandedMask(builder, output);
    for (const given of inputs.slice(1)) {
      let x = given;
      const mask = expandedMask(builder, x);
      if (mask !== null) x = select(builder, mask, x, output);
      if (outputMask !== null) output = select(builder, outputMask, output, x);
      outputMask =
        mask !== null && outputMask !== null ? binary(builder, "logical_or", outputMask, mask, "bool") : null;
      output = binary(builder, this.fn, output, x);
    }
    return outputMask === null ? output.withMask(null) : output.withMask(anyOfLast(builder, outputMask));
  }
}

/** Keras's Maximum. */
export class MaximumLayer extends ExtremeLayer {
  protected override readonly fn = "maximum";
}

/** Keras's Minimum. */
export class MinimumLayer extends ExtremeLayer {
  protected override readonly fn = "minimum";
}

/** Returns the mask of `x` for each element. */
function expandedMask(builder: Builder, x: SymbolicTensor): SymbolicTensor | null {
  const { mask } = x;
  return mask === null ? null : broadcastTo(builder, mask.as({ shape: [...mask.shape, 1] }), x.shape);
}

/** Returns whether any element along the last axis is true. */
export function anyOfLast(builder: Builder, mask: SymbolicTensor): SymbolicTensor {
  return reduce(builder, "any", mask, { axes: [mask.shape.length - 1], keepdims: false });
}
