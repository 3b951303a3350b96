import type { Builder } from "../compile/builder.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import { permuted } from "../emit/movement.js";
import { type CallArguments, Layer } from "./layer.js";
import { type WindowAxis, windowAxis } from "./windows.js";

/** How windows move over one or two axes. All lists have one entry for each axis. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: "valid" | "same" | "causal";
}

/** A layer over one or two axes of space, with the channels behind them or before them. */
export abstract class SpatialLayer extends Layer {
  /** The number of axes: 1 for steps, 2 for height and width. */
  protected abstract readonly spatialRank: 1 | 2;

  /** Computes with the channels last, whichever the layer has. */
  protected withChannelsLast(
    builder: Builder,
    args: CallArguments,
    compute: (x: SymbolicTensor) => SymbolicTensor,
  ): SymbolicTensor {
    const x = this.input(args);
    const axes = this.spatialRank === 1 ? "steps" : "height, width";
    this.requireRank(x, this.spatialRank + 1, `inputs of shape (batch, ${axes}, channels)`);
    const format = this.config.oneOf("data_format", "channels_last", ["channels_last", "channels_first"]);
    if (format === "channels_last") return compute(x);
    const y = compute(permuted(builder, x, this.spatialRank === 1 ? [1, 0] : [1, 2, 0]));
    return y.shape.length === this.spatialRank + 1
      ? permuted(builder, y, this.spatialRank === 1 ? [1, 0] : [2, 0, 1])
      : y;
  }

  /** Returns the positions of windows on each axis. */
  protected positions(x: SymbolicTensor, { kernel, strides, dilation, padding }: Windows): WindowAxis[] {
    return kernel.map((size, axis) =>
      windowAxis(this, {
        size: x.shape[axis] as number,
        kernel: size,
        stride: strides[axis] as number,
        dilation: dilation[axis] as number,
        padding,
      }),
    );
  }
}

/** Returns numbers for height and width. One over steps is the width of a height of 1. */
export function inTwo(values: readonly number[], height: number): [number, number] {
  return values.length === 1 ? [height, values[0] as number] : [values[0] as number, values[1] as number];
}
