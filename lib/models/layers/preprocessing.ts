import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import { product, type SymbolicTensor } from "../compile/symbolic.js";
import type { Tensors } from "../compile/values.js";
import { constantOf } from "../emit/constants.js";
import { binary, cast } from "../emit/elementwise.js";
import { readNumbers } from "../graph/numbers.js";
import { type CallArguments, Layer, type LayerSource } from "./layer.js";
import type { WeightSlot } from "./weight_slot.js";

/** Keras's `epsilon()`. */
const EPSILON = 1e-7;

/** Keras's Rescaling. */
export class RescalingLayer extends Layer {
  override get supportsMasking(): boolean {
    return true;
  }

  override causality(inputs: readonly SymbolicTensor[]): Causality {
    const axes = ["scale", "offset"].map((key) => readNumbers(this.config.raw(key) ?? 0)?.shape.length ?? 0);
    return inputs.every(({ shape }) => shape.length > Math.max(...axes))
      ? "pointwise"
      : needsWhole("combines timesteps");
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const x = cast(builder, this.input(args), this.computeDtype);
    const scaled = binary(builder, "multiply", x, this.#argument(builder, "scale", 1));
    return binary(builder, "add", scaled, this.#argument(builder, "offset", 0));
  }

  #argument(builder: Builder, key: string, fallback: number): SymbolicTensor {
    const read = readNumbers(this.config.raw(key) ?? fallback);
    if (read === null) throw this.config.wrong(key, "a number or an array of numbers");
    return constantOf(builder, read.values, read.shape, this.computeDtype);
  }
}

/** Keras's Normalization with statistics that were adapted or given. */
export class NormalizationLayer extends Layer {
  readonly #axes: readonly number[];
  readonly #mean: WeightSlot | null;
  readonly #variance: WeightSlot | null;

  constructor(source: LayerSource) {
    super(source);
    // Python's `None` is all axes together.
    this.#axes = this.config.raw("axis") === null ? [] : this.config.axes("axis", [-1]);
    const given = (this.config.raw("mean") ?? null) !== null;
    const shape = this.#axes.map(() => null);
    this.#mean = given ? null : this.weight({ name: "mean", shape, trainable: false });
    this.#variance = given ? null : this.weight({ name: "variance", shape, trainable: false });
    if (!given) this.weight({ name: "count", shape: [], trainable: false, unused: true });
  }

  override get supportsMasking(): boolean {
    return true;
  }

  override causality([x]: readonly SymbolicTensor[]): Causality {
    const mixesSteps = x !== undefined && this.#axes.some((axis) => (axis < 0 ? axis + x.rank : axis) === 1);
    return mixesSteps ? needsWhole("combines timesteps") : "pointwise";
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const x = cast(builder, this.input(args), this.computeDtype);
    const kept = this.#axes.map((axis) => (axis < 0 ? axis + x.rank : axis)).sort((a, b) => a - b);
    if (kept.some((axis) => axis < 1 || axis >= x.rank)) throw this.shapeError(`inputs with the axes ${this.#axes}`, x);
    const mean = this.#statistic(builder, "mean", this.#mean, x, kept);
    const variance = this.#statistic(builder, "variance", this.#variance, x, kept);
    const deviation = this.#deviation(builder, variance);
    if (this.config.boolean("invert", false)) {
      return binary(builder, "add", mean, binary(builder, "multiply", x, deviation));
    }
    return binary(builder, "divide", binary(builder, "subtract", x, mean), deviation);
  }

  /** Returns max(sqrt(variance), epsilon) of a constant. */
  #deviation(builder: Builder, variance: SymbolicTensor): SymbolicTensor {
    const values = Array.from(variance.storage.constant as Float32Array, (value) => {
      return Math.max(Math.sqrt(value), EPSILON);
    });
    return constantOf(builder, values, variance.shape, variance.dtype);
  }

  #statistic(
    builder: Builder,
    key: string,
    slot: WeightSlot | null,
    x: SymbolicTensor,
    kept: readonly number[],
  ): SymbolicTensor {
    // The constant has as many axes as the inputs without the batch.
    const whole = x.shape.map((size, axis) => (kept.includes(axis + 1) ? size : 1));
    if (slot !== null) {
      if (slot.count !== product(whole)) throw this.shapeError(`inputs that fit the ${key}`, x);
      return constantOf(builder, slot.kernel(this.policy), whole, x.dtype);
    }
    const read = readNumbers(this.config.raw(key));
    if (read === null || read.shape.length > Math.max(kept.length, 0))
      throw this.config.wrong(key, "numbers for each axis");
    const shape = whole.map(() => 1);
    read.shape.forEach((size, index) => {
      shape[(kept[kept.length - read.shape.length + index] as number) - 1] = size;
    });
    if (shape.some((size, axis) => size !== 1 && size !== x.shape[axis])) {
      throw this.shapeError(`inputs that fit the ${key}`, x);
    }
    return constantOf(builder, read.values, shape, x.dtype);
  }
}
