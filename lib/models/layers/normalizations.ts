import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import { type KerasDtype, product, type SymbolicTensor } from "../compile/symbolic.js";
import type { Tensors } from "../compile/values.js";
import { constantOf } from "../emit/constants.js";
import { binary, cast, scalar, unary } from "../emit/elementwise.js";
import { permuted } from "../emit/movement.js";
import { reduce } from "../emit/reduction.js";
import { itemAxis } from "./axes.js";
import { type CallArguments, Layer, type LayerSource } from "./layer.js";
import type { WeightSlot } from "./weight_slot.js";

/** Returns `x` with some axes after the batch at the end, and the order that puts them back. */
function axesLast(
  builder: Builder,
  x: SymbolicTensor,
  axes: readonly number[],
): { moved: SymbolicTensor; back: number[] } {
  const others = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
  const order = [...others, ...axes];
  return { moved: permuted(builder, x, order), back: order.map((_, axis) => order.indexOf(axis)) };
}

/** Normalizes groups of `size` elements that lie one after the other. */
function normalized(
  builder: Builder,
  x: SymbolicTensor,
  fields: { readonly kind: "layer" | "unit"; readonly size: number; readonly epsilon: number },
  dtype: KerasDtype,
): SymbolicTensor {
  const y = builder.like(x, x.shape, dtype);
  const groups = fields.size === 0 ? 0 : product(x.rowShape) / fields.size;
  builder.emit("normalize", { x }, { y }, { ...fields, groups, repeat: 1 });
  return y;
}

/** Multiplies and shifts `x`, whose last axes together are the channels. */
function scaled(
  builder: Builder,
  x: SymbolicTensor,
  { gamma, beta }: { readonly gamma: ArrayLike<number> | null; readonly beta: ArrayLike<number> | null },
  dtype: KerasDtype,
): SymbolicTensor {
  const channels = gamma?.length ?? beta?.length ?? 0;
  if (channels === 0) return cast(builder, x, dtype);
  const y = builder.like(x, x.shape, dtype);
  const constant = (values: ArrayLike<number> | null) =>
    values === null ? null : constantOf(builder, values, [channels], x.dtype);
  const outer = product(x.rowShape) / channels;
  builder.emit(
    "affine",
    { x, scale: constant(gamma), offset: constant(beta) },
    { y },
    { outer, channels, inner: 1, repeat: 1 },
  );
  return y;
}

function wideDtype(dtype: KerasDtype): "float32" | "float64" {
  return dtype === "float64" ? "float64" : "float32";
}

/** Keras's LayerNormalization. */
export class LayerNormalizationLayer extends Layer {
  readonly #axes = this.config.axes("axis", [-1]);
  readonly #epsilon = this.config.number("epsilon", 1e-3);
  readonly #rms = this.config.boolean("rms_scaling", false);
  readonly #gamma: WeightSlot | null;
  readonly #beta: WeightSlot | null;

  constructor(source: LayerSource) {
    super(source);
    const shape = this.#axes.map(() => null);
    this.#gamma = this.config.boolean("scale", true) || this.#rms ? this.weight({ name: "gamma", shape }) : null;
    this.#beta = this.config.boolean("center", true) && !this.#rms ? this.weight({ name: "beta", shape }) : null;
  }

  override get supportsMasking(): boolean {
    return true;
  }

  override causality([x]: readonly SymbolicTensor[]): Causality {
    const mixesSteps = x !== undefined && this.#axes.some((axis) => itemAxis(this, axis, x.rank) === 0);
    return mixesSteps ? needsWhole("combines timesteps") : "pointwise";
  }

  /** Keras computes in at least float32, and casts only the outputs. */
  override get inputDtype(): null {
    return null;
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const given = this.input(args);
    const x = cast(builder, given, wideDtype(given.dtype));
    // Keras sorts the axes as they are written, so that negative ones come first.
    const sorted = [...this.#axes].sort((a, b) => a - b);
    const axes = sorted.map((axis) => itemAxis(this, axis, x.rank)).sort((a, b) => a - b);
    const size = product(axes.map((axis) => x.shape[axis] as number));
    for (const slot of [this.#gamma, this.#beta]) {
      if (slot !== null && slot.count !== size) throw this.shapeError(`${slot.count} elements to normalize`, x);
    }
    const { moved, back } = axesLast(builder, x, axes);
    const plain = this.#rms
      ? this.#byVariance(builder, moved, axes.length)
      : normalized(builder, moved, { kind: "layer", size, epsilon: this.#epsilon }, x.dtype);
    const gamma = this.#gamma?.variable(this.policy) ?? null;
    const beta = this.#beta?.variable(this.policy) ?? null;
    const y = scaled(builder, plain, { gamma, beta }, given.dtype);
    return cast(builder, permuted(builder, y, back), this.computeDtype);
  }

  /** Returns x / sqrt(variance + epsilon) over the last axes: Keras's deprecated `rms_scaling`. */
  #byVariance(builder: Builder, x: SymbolicTensor, count: number): SymbolicTensor {
    const axes = { axes: [...x.shape.keys()].slice(-count), keepdims: true };
    const mean = reduce(builder, "mean", x, axes);
    const variance = reduce(builder, "mean", unary(builder, "square", binary(builder, "subtract", x, mean)), axes);
    const shifted = binary(builder, "add", variance, scalar(builder, this.#epsilon, x.dtype));
    return binary(builder, "multiply", x, unary(builder, "rsqrt", shifted));
  }
}

/** Keras's GroupNormalization. */
export class GroupNormalizationLayer extends Layer {
  readonly #axis = this.config.axis("axis", -1);
  readonly #groups = this.config.integer("groups", 32, -1);
  readonly #epsilon = this.config.number("epsilon", 1e-3);
  readonly #gamma: WeightSlot | null;
  readonly #beta: WeightSlot | null;

  constructor(source: LayerSource) {
    super(source);
    this.#gamma = this.config.boolean("scale", true) ? this.weight({ name: "gamma", shape: [null] }) : null;
    this.#beta = this.config.boolean("center", true) ? this.weight({ name: "beta", shape: [null] }) : null;
  }

  override get supportsMasking(): boolean {
    return true;
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const given = this.input(args);
    const x = cast(builder, given, wideDtype(given.dtype));
    const axis = itemAxis(this, this.#axis, x.rank);
    const channels = x.shape[axis] as number;
    const groups = this.#groups === -1 ? channels : this.#groups;
    if (groups < 1 || channels % groups !== 0) throw this.shapeError(`channels in ${groups} groups of equal size`, x);
    for (const slot of [this.#gamma, this.#beta]) {
      if (slot !== null && slot.count !== channels) throw this.shapeError(`${slot.count} channels`, x);
    }
    const divided = x.as({ shape: [...x.shape.slice(0, axis), groups, channels / groups, ...x.shape.slice(axis + 1)] });
    const others = [...divided.shape.keys()].filter((one) => one !== axis);
    const order = [axis, ...others];
    const moved = permuted(builder, divided, order);
    const size = product(x.shape) / groups;
    const plain = normalized(builder, moved, { kind: "layer", size, epsilon: this.#epsilon }, x.dtype);
    const restored = permuted(
      builder,
      plain,
      order.map((_, one) => order.indexOf(one)),
    ).as({ shape: x.shape });
    const channelsEnd = axesLast(builder, restored, [axis]);
    const gamma = this.#gamma?.variable(this.policy) ?? null;
    const beta = this.#beta?.variable(this.policy) ?? null;
    return permuted(builder, scaled(builder, channelsEnd.moved, { gamma, beta }, this.computeDtype), channelsEnd.back);
  }
}

/** Keras's UnitNormalization: an L2 norm of 1 over one axis or several. */
export class UnitNormalizationLayer extends Layer {
  readonly #axes = this.config.axes("axis", [-1]);

  override get supportsMasking(): boolean {
    return true;
  }

  override causality([x]: readonly SymbolicTensor[]): Causality {
    const mixesSteps = x !== undefined && this.#axes.some((axis) => itemAxis(this, axis, x.rank) === 0);
    return mixesSteps ? needsWhole("combines timesteps") : "pointwise";
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const x = this.input(args);
    return unitNormalized(
      builder,
      x,
      this.#axes.map((axis) => itemAxis(this, axis, x.rank)),
      1e-12,
    );
  }
}

/** Returns `x` with an L2 norm of 1 over these axes after the batch, as Keras's `normalize`. */
export function unitNormalized(
  builder: Builder,
  x: SymbolicTensor,
  axes: readonly number[],
  epsilon: number,
): SymbolicTensor {
  const { moved, back } = axesLast(builder, x, axes);
  const size = product(axes.map((axis) => x.shape[axis] as number));
  return permuted(builder, normalized(builder, moved, { kind: "unit", size, epsilon }, x.dtype), back);
}
