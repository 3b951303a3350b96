import type { Builder } from "../compile/builder.js";
import type { Masks, Tensors } from "../compile/values.js";
import { isTensor } from "../compile/values.js";
import { binary, cast, scalar, select } from "../emit/elementwise.js";
import { reduce } from "../emit/reduction.js";
import type { CallArguments, LayerSource } from "./layer.js";
import { inTwo, SpatialLayer, type Windows } from "./spatial.js";

/** Keras's pooling over windows. It loses the mask. */
abstract class PoolingLayer extends SpatialLayer {
  protected override readonly spatialRank: 1 | 2;
  readonly #kind: "max" | "average";
  readonly #windows: Windows;

  constructor(source: LayerSource, kind: "max" | "average", rank: 1 | 2) {
    super(source);
    this.#kind = kind;
    this.spatialRank = rank;
    const kernel = this.config.sizes("pool_size", 2, rank);
    this.#windows = {
      kernel,
      strides: this.config.sizes("strides", kernel, rank),
      dilation: kernel.map(() => 1),
      padding: this.config.oneOf<"valid" | "same">("padding", "valid", ["valid", "same"]),
    };
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    return this.withChannelsLast(builder, args, (x) => {
      const channels = x.shape.at(-1) as number;
      const positions = this.positions(x, this.#windows);
      const outputs = positions.map(({ output }) => output);
      const y = builder.like(x, [...outputs, channels]);
      builder.emit(
        "pool",
        { x },
        { y },
        {
          kind: this.#kind,
          inputShape: [...inTwo(x.shape.slice(0, -1), 1), channels],
          outputShape: [...inTwo(outputs, 1), channels],
          window: inTwo(this.#windows.kernel, 1),
          strides: inTwo(this.#windows.strides, 1),
          pad: inTwo(
            positions.map(({ pad }) => pad),
            0,
          ),
          repeat: x.repeat,
        },
      );
      return y;
    });
  }
}

/** Keras's MaxPooling1D. */
export class MaxPooling1DLayer extends PoolingLayer {
  constructor(source: LayerSource) {
    super(source, "max", 1);
  }
}

/** Keras's AveragePooling1D. Padding does not count. */
export class AveragePooling1DLayer extends PoolingLayer {
  constructor(source: LayerSource) {
    super(source, "average", 1);
  }
}

/** Keras's MaxPooling2D. */
export class MaxPooling2DLayer extends PoolingLayer {
  constructor(source: LayerSource) {
    super(source, "max", 2);
  }
}

/** Keras's AveragePooling2D. Padding does not count. */
export class AveragePooling2DLayer extends PoolingLayer {
  constructor(source: LayerSource) {
    super(source, "average", 2);
  }
}

/** Keras's pooling over everything. It loses the mask. */
abstract class GlobalPoolingLayer extends SpatialLayer {
  protected override readonly spatialRank: 1 | 2;
  readonly #kind: "max" | "mean";
  protected readonly keepdims = this.config.boolean("keepdims", false);

  constructor(source: LayerSource, kind: "max" | "mean", rank: 1 | 2) {
    super(source);
    this.#kind = kind;
    this.spatialRank = rank;
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    return this.withChannelsLast(builder, args, (x) =>
      reduce(builder, this.#kind, x, { axes: [...x.shape.keys()].slice(0, -1), keepdims: this.keepdims }),
    );
  }
}

/** Keras's GlobalMaxPooling1D. */
export class GlobalMaxPooling1DLayer extends GlobalPoolingLayer {
  constructor(source: LayerSource) {
    super(source, "max", 1);
  }
}

/** Keras's GlobalMaxPooling2D. */
export class GlobalMaxPooling2DLayer extends GlobalPoolingLayer {
  constructor(source: LayerSource) {
    super(source, "max", 2);
  }
}

/** Keras's GlobalAveragePooling2D. */
export class GlobalAveragePooling2DLayer extends GlobalPoolingLayer {
  constructor(source: LayerSource) {
    super(source, "mean", 2);
  }
}

/** Keras's GlobalAveragePooling1D, which leaves masked steps out. */
export class GlobalAveragePooling1DLayer extends GlobalPoolingLayer {
  constructor(source: LayerSource) {
    super(source, "mean", 1);
  }

  override get signature(): readonly string[] {
    return ["inputs", "mask"];
  }

  override get supportsMasking(): boolean {
    return true;
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const { mask } = args;
    if (!isTensor(mask)) return super.call(builder, args);
    return this.withChannelsLast(builder, args, (x) => {
      if (mask.shape.length !== 1 || mask.shape[0] !== x.shape[0])
        throw this.shapeError("a mask of the steps", mask, "mask");
      const axes = { axes: [0], keepdims: this.keepdims };
      const expanded = cast(builder, mask, "bool").as({ shape: [...mask.shape, 1] });
      const kept = select(builder, expanded, x, scalar(builder, 0, x.dtype));
      const count = reduce(builder, "sum", cast(builder, expanded, x.dtype), axes);
      return binary(builder, "divide", reduce(builder, "sum", kept, axes), count);
    });
  }

  override computeMask(): Masks | null {
    return null;
  }
}
