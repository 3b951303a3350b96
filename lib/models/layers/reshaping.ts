import type { Builder } from "../compile/builder.js";
import type { Tensors } from "../compile/values.js";
import { padded, permuted, repeated, strided, wholeRanges } from "../emit/movement.js";
import { type CallArguments, Layer } from "./layer.js";

/** Keras's Permute, whose axes count from 1. It loses the mask. */
export class PermuteLayer extends Layer {
  readonly #dims = this.config.axes("dims", []);

  override call(builder: Builder, args: CallArguments): Tensors {
    const x = this.input(args);
    const order = this.#dims.map((dim) => dim - 1);
    const fits = order.length === x.shape.length && x.shape.every((_, axis) => order.includes(axis));
    if (!fits) throw this.shapeError(`inputs of ${order.length + 1} axes`, x);
    return permuted(builder, x, order);
  }
}

/** Keras's RepeatVector. It loses the mask. */
export class RepeatVectorLayer extends Layer {
  readonly #times = this.config.integer("n", undefined, 0);

  override call(builder: Builder, args: CallArguments): Tensors {
    const x = this.input(args);
    this.requireRank(x, 1, "inputs of shape (batch, features)");
    return repeated(builder, x.as({ shape: [1, ...x.shape] }), 0, this.#times);
  }
}

/** Keras's UpSampling1D. It loses the mask. */
export class UpSampling1DLayer extends Layer {
  readonly #size = this.config.integer("size", 2, 1);

  override call(builder: Builder, args: CallArguments): Tensors {
    const x = this.input(args);
    this.requireRank(x, 2, "inputs of shape (batch, steps, features)");
    return repeated(builder, x, 0, this.#size);
  }
}

/** Keras's ZeroPadding1D. It loses the mask. */
export class ZeroPadding1DLayer extends Layer {
  readonly #padding = this.config.sizes("padding", 1, 2, 0);

  override call(builder: Builder, args: CallArguments): Tensors {
    const x = this.input(args);
    this.requireRank(x, 2, "inputs of shape (batch, steps, features)");
    const isFirst = this.config.oneOf("data_format", "channels_last", ["channels_last", "channels_first"]);
    const pads = this.#padding as readonly [number, number];
    return padded(builder, x, isFirst === "channels_first" ? [[0, 0], pads] : [pads, [0, 0]], 0);
  }
}

/** Keras's Cropping1D. It loses the mask. */
export class Cropping1DLayer extends Layer {
  readonly #cropping = this.config.sizes("cropping", 1, 2, 0);

  override call(builder: Builder, args: CallArguments): Tensors {
    const x = this.input(args);
    this.requireRank(x, 2, "inputs of shape (batch, steps, features)");
    const [before, after] = this.#cropping as readonly [number, number];
    const steps = x.shape[0] as number;
    if (before + after >= steps) throw this.shapeError(`more than ${before + after} steps`, x);
    const [, features] = wholeRanges(x) as [unknown, readonly [number, number, number]];
    return strided(builder, x, [[before, 1, steps - before - after], features]);
  }
}
