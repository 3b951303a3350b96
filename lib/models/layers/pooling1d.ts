import type { Builder } from "../compile/builder.js";
import { isTensor, type Masks, type Tensors } from "../compile/values.js";
import { binary, cast, scalar, select } from "../emit/elementwise.js";
import { reduce } from "../emit/reduction.js";
import { type CallArguments, Layer } from "./layer.js";
import { windowAxis } from "./windows.js";

/** Keras's MaxPooling1D and AveragePooling1D. They lose the mask. */
abstract class Pooling1DLayer extends Layer {
  protected abstract readonly kind: "max" | "average";
  readonly #size = this.config.sizes("pool_size", 2, 1)[0] as number;
  readonly #stride = this.config.sizes("strides", this.#size, 1)[0] as number;
  readonly #padding = this.config.oneOf("padding", "valid", ["valid", "same"]);

  override call(builder: Builder, args: CallArguments): Tensors {
    this.config.requireChannelsLast();
    const x = this.input(args);
    this.requireRank(x, 2, "inputs of shape (batch, steps, channels)");
    const [size, channels] = x.shape as [number, number];
    const kernel = this.#size;
    const stride = this.#stride;
    const { output, pad } = windowAxis(this, { size, kernel, stride, dilation: 1, padding: this.#padding });
    const y = builder.like(x, [output, channels]);
    builder.emit(
      "pool",
      { x },
      { y },
      {
        kind: this.kind,
        inputShape: [1, size, channels],
        outputShape: [1, output, channels],
        window: [1, kernel],
        strides: [1, stride],
        pad: [0, pad],
        repeat: x.repeat,
      },
    );
    return y;
  }
}

/** Keras's MaxPooling1D. */
export class MaxPooling1DLayer extends Pooling1DLayer {
  protected override readonly kind = "max";
}

/** Keras's AveragePooling1D. Padding does not count. */
export class AveragePooling1DLayer extends Pooling1DLayer {
  protected override readonly kind = "average";
}

/** Keras's GlobalMaxPooling1D. It loses the mask. */
export class GlobalMaxPooling1DLayer extends Layer {
  readonly #keepdims = this.config.boolean("keepdims", false);

  override call(builder: Builder, args: CallArguments): Tensors {
    this.config.requireChannelsLast();
    const x = this.input(args);
    this.requireRank(x, 2, "inputs of shape (batch, steps, channels)");
    return reduce(builder, "max", x, { axes: [0], keepdims: this.#keepdims });
  }
}

/** Keras's GlobalAveragePooling1D, which leaves masked steps out. */
export class GlobalAveragePooling1DLayer extends Layer {
  readonly #keepdims = this.config.boolean("keepdims", false);

  override get signature(): readonly string[] {
    return ["inputs", "mask"];
  }

  override get supportsMasking(): boolean {
    return true;
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    this.config.requireChannelsLast();
    const x = this.input(args);
    this.requireRank(x, 2, "inputs of shape (batch, steps, channels)");
    const axes = { axes: [0], keepdims: this.#keepdims };
    const { mask } = args;
    if (!isTensor(mask)) return reduce(builder, "mean", x, axes);
    const expanded = cast(builder, mask, "bool").as({ shape: [...mask.shape, 1] });
    const kept = select(builder, expanded, x, scalar(builder, 0, x.dtype));
    const count = reduce(builder, "sum", cast(builder, expanded, x.dtype), axes);
    return binary(builder, "divide", reduce(builder, "sum", kept, axes), count);
  }

  override computeMask(): Masks | null {
    return null;
  }
}
