import { expectedText } from "../errors/messages.js";
import type { NativeArray } from "../native/binding.js";
import { Options } from "../options/options.js";
import { KerasObject, Vocabulary } from "./serialization.js";
import { resolveAxis } from "./shape.js";

/**
 * The base class of Keras's constraints. A constraint projects a weight after each update. The base class itself
 * changes nothing. Extend it for constraints of your own, and pass them as instances or through `custom_objects`.
 */
export class Constraint extends KerasObject {
  static override readonly module: string = "keras.constraints";
  static override readonly className: string = "Constraint";

  /** Takes no arguments. A subclass may pass its own on. */
  constructor(options: Record<string, unknown> = {}) {
    super();
    if (new.target === Constraint) new Options("Constraint", options, []);
  }

  /** Throws `ERR_SHAPE` when a tensor of `shape` does not have an axis that the constraint uses. */
  requireAxes(_shape: readonly number[]): void {}

  /**
   * Projects `values`, the row-major data of a tensor of `shape`, in place. Throws `ERR_SHAPE` and leaves the values
   * unchanged when `shape` does not have an axis that the constraint uses.
   */
  apply(_values: NativeArray, _shape: readonly number[]): void {}

  override getConfig(): Record<string, unknown> {
    return {};
  }
}

/** Replaces negative values by 0 (`keras.constraints.NonNeg`). */
export class NonNeg extends Constraint {
  static override readonly className: string = "NonNeg";

  /** Takes no arguments. */
  constructor(options: Record<string, never> = {}) {
    super();
    new Options("NonNeg", options, []);
  }

  override apply(values: NativeArray): void {
    for (let i = 0; i < values.length; i++) values[i] = Math.max(values[i] as number, 0);
  }
}

/** An axis, a list of axes, or `null` for all axes. Negative axes count from the last one. */
export type Axis = number | readonly number[] | null;

/** Keras's `epsilon()`. It prevents division by a norm of zero. */
const EPSILON = 1e-7;

/** Returns the axes along which norms are computed, counted from the start. Throws `ERR_SHAPE`. */
function reducedAxes(shape: readonly number[], axis: Axis): ReadonlySet<number> {
  const axes = typeof axis === "number" ? [axis] : (axis ?? shape.map((_, i) => i));
  const reduced = new Set(axes.map((item) => resolveAxis(item, shape)));
  if (reduced.size !== axes.length) {
    throw expectedText(
      "ERR_SHAPE",
      "axis",
      `different axes of the shape [${shape.join(", ")}]`,
      `[${axes.join(", ")}]`,
    );
  }
  return reduced;
}

/**
 * Multiplies every element by `factor(norm) / (epsilon + norm)`. `norm` is the L2 norm, in float64, of the elements
 * that share its position on all axes but those in `axis`.
 */
function rescale(values: NativeArray, shape: readonly number[], axis: Axis, factor: (norm: number) => number): void {
  const reduced = reducedAxes(shape, axis);
  // The distance between norms for one step along each dimension of `values`. It is 0 along a reduced dimension.
  const normSteps: number[] = [];
  let count = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    normSteps[i] = reduced.has(i) ? 0 : count;
    if (!reduced.has(i)) count *= shape[i] as number;
  }
  const length = shape.at(-1) ?? 1;
  const step = normSteps.at(-1) ?? 0;
  /** Returns the position of the first norm that row `row` of the last dimension adds to. */
  const firstNorm = (row: number): number => {
    let position = 0;
    for (let i = shape.length - 2, rest = row; i >= 0; i--) {
      const size = shape[i] as number;
      position += (rest % size) * (normSteps[i] as number);
      rest = Math.floor(rest / size);
    }
    return position;
  };
  const rows = length === 0 ? 0 : values.length / length;
  const norms = new Float64Array(count);
  for (let row = 0; row < rows; row++) {
    const first = firstNorm(row);
    for (let i = 0; i < length; i++) {
      const position = first + i * step;
      norms[position] = (norms[position] as number) + (values[row * length + i] as number) ** 2;
    }
  }
  const scales = norms.map((squares) => factor(Math.sqrt(squares)) / (EPSILON + Math.sqrt(squares)));
  for (let row = 0; row < rows; row++) {
    const first = firstNorm(row);
    for (let i = 0; i < length; i++) {
      const index = row * length + i;
      values[index] = (values[index] as number) * (scales[first + i * step] as number);
    }
  }
}

/** Clips as TensorFlow does: NaN stays NaN. */
function clip(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

/** The base class of the constraints on norms. */
abstract class NormConstraint extends Constraint {
  /** The axes along which norms are computed. */
  abstract readonly axis: Axis;

  override requireAxes(shape: readonly number[]): void {
    reducedAxes(shape, this.axis);
  }
}

/** Reduces norms along `axis` to `max_value` where they are greater (`keras.constraints.MaxNorm`). */
export class MaxNorm extends NormConstraint {
  static override readonly className: string = "MaxNorm";

  /** The greatest norm. */
  readonly max_value: number;
  /** The axes along which norms are computed. */
  readonly axis: Axis;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(
    options: {
      /** The greatest norm, at least 0; 2 by default. */
      max_value?: number | undefined;
      /** The axes along which norms are computed; 0 by default. */
      axis?: Axis | undefined;
    } = {},
  ) {
    super();
    const read = new Options("MaxNorm", options, ["max_value", "axis"]);
    this.max_value = read.number("max_value", 2, { min: 0 });
    this.axis = read.axisOrAxes("axis", 0);
  }

  override apply(values: NativeArray, shape: readonly number[]): void {
    rescale(values, shape, this.axis, (norm) => clip(norm, 0, this.max_value));
  }

  override getConfig(): Record<string, unknown> {
    return { max_value: this.max_value, axis: this.axis };
  }
}

/** Scales norms along `axis` to 1 (`keras.constraints.UnitNorm`). A zero vector stays zero. */
export class UnitNorm extends NormConstraint {
  static override readonly className: string = "UnitNorm";

  /** The axes along which norms are computed. */
  readonly axis: Axis;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(
    options: {
      /** The axes along which norms are computed; 0 by default. */
      axis?: Axis | undefined;
    } = {},
  ) {
    super();
    this.axis = new Options("UnitNorm", options, ["axis"]).axisOrAxes("axis", 0);
  }

  override apply(values: NativeArray, shape: readonly number[]): void {
    rescale(values, shape, this.axis, () => 1);
  }

  override getConfig(): Record<string, unknown> {
    return { axis: this.axis };
  }
}

/** Moves norms along `axis` towards the interval from `min_value` to `max_value` (`keras.constraints.MinMaxNorm`). */
export class MinMaxNorm extends NormConstraint {
  static override readonly className: string = "MinMaxNorm";

  /** The least norm. */
  readonly min_value: number;
  /** The greatest norm. */
  readonly max_value: number;
  /** The share of the distance to the interval that a norm moves: 1 moves it all the way. */
  readonly rate: number;
  /** The axes along which norms are computed. */
  readonly axis: Axis;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(
    options: {
      /** The least norm, at most `max_value`; 0 by default. */
      min_value?: number | undefined;
      /** The greatest norm, at least 0; 1 by default. */
      max_value?: number | undefined;
      /** The share of the distance to the interval that a norm moves; 1 by default. */
      rate?: number | undefined;
      /** The axes along which norms are computed; 0 by default. */
      axis?: Axis | undefined;
    } = {},
  ) {
    super();
    const read = new Options("MinMaxNorm", options, ["min_value", "max_value", "rate", "axis"]);
    this.max_value = read.number("max_value", 1, { min: 0 });
    this.min_value = read.number("min_value", 0, { max: this.max_value });
    this.rate = read.number("rate", 1);
    this.axis = read.axisOrAxes("axis", 0);
  }

  override apply(values: NativeArray, shape: readonly number[]): void {
    const { min_value, max_value, rate } = this;
    rescale(values, shape, this.axis, (norm) => rate * clip(norm, min_value, max_value) + (1 - rate) * norm);
  }

  override getConfig(): Record<string, unknown> {
    return { min_value: this.min_value, max_value: this.max_value, rate: this.rate, axis: this.axis };
  }
}

/** All constraints by their names. */
export const CONSTRAINTS = new Vocabulary<Constraint>("a constraint", Constraint, [
  MaxNorm,
  NonNeg,
  UnitNorm,
  MinMaxNorm,
  Constraint,
]);

/**
 * Returns the constraint that `value` stands for: a Keras name, a serialized object, an instance, or `null` (none).
 * Throws `ERR_ARGUMENT`, naming `argument`, for everything else.
 */
export function getConstraint(value: unknown, argument: string): Constraint | null {
  return CONSTRAINTS.get(value, argument);
}
