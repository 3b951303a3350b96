import { expectedText } from "../errors/messages.js";
import type { NativeArray } from "../native/binding.js";
import { Options } from "../options/options.js";
import { KerasObject, Vocabulary } from "./serialization.js";
import { resolveAxis } from "./shape.js";

/** The base class of Keras's constraints: projections of a weight, applied after each update. It changes nothing. */
export class Constraint extends KerasObject {
  static override readonly module: string = "keras.constraints";
  static override readonly className: string = "Constraint";

  constructor(options: Record<string, unknown> = {}) {
    super();
    if (new.target === Constraint) new Options("Constraint", options, []);
  }

  /**
   * Throws `ERR_SHAPE` when `shape` lacks an axis the constraint names.
   */
  requireAxes(_shape: readonly number[]): void {}

  /**
   * Projects `values`, the row-major data of a tensor of `shape`, in place. Throws `ERR_SHAPE`, with the values as
   * they were, when `shape` lacks an axis the constraint names.
   */
  apply(_values: NativeArray, _shape: readonly number[]): void {}

  override getConfig(): Record<string, unknown> {
    return {};
  }
}

/** Negative values become 0. */
export class NonNeg extends Constraint {
  static override readonly className: string = "NonNeg";

  constructor(options: Record<string, never> = {}) {
    super();
    new Options("NonNeg", options, []);
  }

  override apply(values: NativeArray): void {
    for (let i = 0; i < values.length; i++) values[i] = Math.max(values[i] as number, 0);
  }
}

/** An axis, a list of axes, or `null` for all of them; negative ones count from the last. */
export type Axis = number | readonly number[] | null;

/** Keras's `epsilon()`, which keeps a zero norm from dividing. */
const EPSILON = 1e-7;

/** The axes that norms are taken over, counted from the start. Throws `ERR_SHAPE`. */
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
 * Multiplies every element by `factor(norm) / (epsilon + norm)`, where `norm` is the L2 norm (float64) over the
 * elements that differ from it in `axis` only.
 */
function rescale(values: NativeArray, shape: readonly number[], axis: Axis, factor: (norm: number) => number): void {
  const reduced = reducedAxes(shape, axis);
  // How far one step along each dimension goes among the norms: 0 along a reduced one.
  const normSteps: number[] = [];
  let count = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    normSteps[i] = reduced.has(i) ? 0 : count;
    if (!reduced.has(i)) count *= shape[i] as number;
  }
  const length = shape.at(-1) ?? 1;
  const step = normSteps.at(-1) ?? 0;
  /** The first norm that row `row` of the last dimension adds to. */
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

/** Clips like TensorFlow: NaN stays NaN. */
function clip(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

/** The constraints of norms along axes. */
abstract class NormConstraint extends Constraint {
  abstract readonly axis: Axis;

  override requireAxes(shape: readonly number[]): void {
    reducedAxes(shape, this.axis);
  }
}

/** Norms along `axis` (default 0) come down to `max_value` (default 2) where they are greater. */
export class MaxNorm extends NormConstraint {
  static override readonly className: string = "MaxNorm";

  readonly max_value: number;
  readonly axis: Axis;

  constructor(options: { max_value?: number | undefined; axis?: Axis | undefined } = {}) {
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

/** Norms along `axis` (default 0) become 1; a zero vector stays zero. */
export class UnitNorm extends NormConstraint {
  static override readonly className: string = "UnitNorm";

  readonly axis: Axis;

  constructor(options: { axis?: Axis | undefined } = {}) {
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

/**
 * Norms along `axis` (default 0) move by the share `rate` (default 1: all the way) towards the interval from
 * `min_value` (default 0) to `max_value` (default 1).
 */
export class MinMaxNorm extends NormConstraint {
  static override readonly className: string = "MinMaxNorm";

  readonly min_value: number;
  readonly max_value: number;
  readonly rate: number;
  readonly axis: Axis;

  constructor(
    options: {
      min_value?: number | undefined;
      max_value?: number | undefined;
      rate?: number | undefined;
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

/** All of them by their names. */
export const CONSTRAINTS = new Vocabulary<Constraint>("a constraint", Constraint, [
  MaxNorm,
  NonNeg,
  UnitNorm,
  MinMaxNorm,
  Constraint,
]);

/**
 * The constraint that `value` stands for: a Keras name, a serialized object, an instance, or `null` (none). Throws
 * `ERR_ARGUMENT`, naming `argument`, for everything else.
 */
export function getConstraint(value: unknown, argument: string): Constraint | null {
  return CONSTRAINTS.get(value, argument);
}
