import { expectedShape, expectedText } from "../errors/messages.js";
import type { NativeArray } from "../native/binding.js";
import { FLOAT32, Options } from "../options/options.js";
import { KerasObject, Vocabulary } from "./serialization.js";

const FACTOR = { min: 0, max: FLOAT32.max };

/**
 * The base class of Keras's regularizers. A regularizer computes a penalty from a weight or from a layer's output. Sums
 * are computed in float64 for every dtype. Factors are first rounded to float32, as Keras does in float64 too. Extend
 * it for regularizers of your own, and pass them as instances or through `custom_objects`.
 */
export abstract class Regularizer extends KerasObject {
  static override readonly module: string = "keras.regularizers";

  /** Returns the penalty of `values`, the row-major data of a tensor of `shape`. */
  abstract loss(values: NativeArray, shape: readonly number[]): number;

  /**
   * Adds `scale` times the gradient of `loss` to `gradient`, which has as many elements as `values`. As in TensorFlow,
   * the gradient of |x| at 0 is 0. Throws the errors of `loss`, and `ERR_UNSUPPORTED` in a class that does not override
   * this method.
   */
  addGradient(_gradient: NativeArray, _values: NativeArray, _shape: readonly number[], _scale: number): void {
    throw expectedText(
      "ERR_UNSUPPORTED",
      "gradients",
      "a regularizer with a method `addGradient`",
      this.constructor.name,
    );
  }
}

function addSigns(gradient: NativeArray, values: NativeArray, factor: number): void {
  // With a factor of 0, an infinite value or NaN must not reach the gradient.
  if (factor === 0) return;
  for (let i = 0; i < values.length; i++)
    gradient[i] = (gradient[i] as number) + factor * Math.sign(values[i] as number);
}

function addMultiples(gradient: NativeArray, values: NativeArray, factor: number): void {
  if (factor === 0) return;
  for (let i = 0; i < values.length; i++) gradient[i] = (gradient[i] as number) + factor * (values[i] as number);
}

function sumOfAbsolutes(values: NativeArray): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.abs(values[i] as number);
  return sum;
}

function sumOfSquares(values: NativeArray): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) ** 2;
  return sum;
}

/** The penalty `l1 * sum(|x|)` (`keras.regularizers.L1`). */
export class L1 extends Regularizer {
  static override readonly className: string = "L1";

  /** The factor, rounded to float32 as Keras keeps and writes it. */
  readonly l1: number;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(
    options: {
      /** The factor, at least 0; 0.01 by default. */
      l1?: number | null | undefined;
    } = {},
  ) {
    super();
    this.l1 = Math.fround(new Options("L1", options, ["l1"]).nullableNumber("l1", 0.01, FACTOR));
  }

  override loss(values: NativeArray): number {
    return this.l1 * sumOfAbsolutes(values);
  }

  override addGradient(gradient: NativeArray, values: NativeArray, _shape: readonly number[], scale: number): void {
    addSigns(gradient, values, scale * this.l1);
  }

  override getConfig(): Record<string, unknown> {
    return { l1: this.l1 };
  }
}

/** The penalty `l2 * sum(x²)` (`keras.regularizers.L2`). */
export class L2 extends Regularizer {
  static override readonly className: string = "L2";

  /** The factor. */
  readonly l2: number;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(
    options: {
      /** The factor, at least 0; 0.01 by default. */
      l2?: number | null | undefined;
    } = {},
  ) {
    super();
    this.l2 = new Options("L2", options, ["l2"]).nullableNumber("l2", 0.01, FACTOR);
  }

  override loss(values: NativeArray): number {
    return Math.fround(this.l2) * sumOfSquares(values);
  }

  override addGradient(gradient: NativeArray, values: NativeArray, _shape: readonly number[], scale: number): void {
    addMultiples(gradient, values, 2 * scale * Math.fround(this.l2));
  }

  override getConfig(): Record<string, unknown> {
    return { l2: this.l2 };
  }
}

/** The penalty `l1 * sum(|x|) + l2 * sum(x²)` (`keras.regularizers.L1L2`). */
export class L1L2 extends Regularizer {
  static override readonly className: string = "L1L2";

  /** The factor of the sum of absolute values. */
  readonly l1: number;
  /** The factor of the sum of squares. */
  readonly l2: number;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(
    options: {
      /** The factor of the sum of absolute values, at least 0; 0 by default. */
      l1?: number | null | undefined;
      /** The factor of the sum of squares, at least 0; 0 by default. */
      l2?: number | null | undefined;
    } = {},
  ) {
    super();
    const read = new Options("L1L2", options, ["l1", "l2"]);
    this.l1 = read.nullableNumber("l1", 0, FACTOR);
    this.l2 = read.nullableNumber("l2", 0, FACTOR);
  }

  override loss(values: NativeArray): number {
    // A factor of 0 omits its term, so that an infinite sum or NaN does not reach the other term.
    const absolutes = this.l1 === 0 ? 0 : Math.fround(this.l1) * sumOfAbsolutes(values);
    const squares = this.l2 === 0 ? 0 : Math.fround(this.l2) * sumOfSquares(values);
    return absolutes + squares;
  }

  override addGradient(gradient: NativeArray, values: NativeArray, _shape: readonly number[], scale: number): void {
    addSigns(gradient, values, scale * Math.fround(this.l1));
    addMultiples(gradient, values, 2 * scale * Math.fround(this.l2));
  }

  override getConfig(): Record<string, unknown> {
    return { l1: this.l1, l2: this.l2 };
  }
}

/** Keras's `epsilon()`. Smaller norms count as this. */
const EPSILON = 1e-7;

/**
 * The penalty `factor` times the mean of |cos| over all pairs of rows or columns of a matrix
 * (`keras.regularizers.OrthogonalRegularizer`). As in Keras it is NaN where there is no pair. Computing it takes n² · m
 * multiplications for n vectors of length m. Tensors of a rank other than 2 throw `ERR_SHAPE`.
 */
export class OrthogonalRegularizer extends Regularizer {
  static override readonly className: string = "OrthogonalRegularizer";

  /** The factor, rounded to float32 as Keras keeps and writes it. */
  readonly factor: number;
  /** Whether the pairs are of rows or of columns. */
  readonly mode: "rows" | "columns";

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(
    options: {
      /** The factor, at least 0; 0.01 by default. */
      factor?: number | undefined;
      /** Whether the pairs are of rows (the default) or of columns. */
      mode?: "rows" | "columns" | undefined;
    } = {},
  ) {
    super();
    const read = new Options("OrthogonalRegularizer", options, ["factor", "mode"]);
    this.factor = Math.fround(read.number("factor", 0.01, FACTOR));
    this.mode = read.oneOf("mode", "rows", ["rows", "columns"]);
  }

  override loss(values: NativeArray, shape: readonly number[]): number {
    const layout = this.#layout(shape);
    const { count, length } = layout;
    const { vectors } = unitVectors(values, layout);
    let sum = 0;
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < i; j++) sum += Math.abs(dot(vectors, i, vectors, j, length));
    }
    return (this.factor * sum) / pairsOf(count);
  }

  /**
   * Adds the gradient as the base class documents it. Vectors shorter than Keras's epsilon are treated as divided by a
   * constant.
   */
  override addGradient(gradient: NativeArray, values: NativeArray, shape: readonly number[], scale: number): void {
    const layout = this.#layout(shape);
    const { count, length, vectorStride, elementStride } = layout;
    const { vectors, scales } = unitVectors(values, layout);
    const factor = (scale * this.factor) / pairsOf(count);
    const slope = new Float64Array(length);
    for (let i = 0; i < count; i++) {
      slope.fill(0);
      for (let j = 0; j < count; j++) {
        if (j === i) continue;
        const sign = Math.sign(dot(vectors, i, vectors, j, length));
        for (let k = 0; k < length; k++) slope[k] = (slope[k] as number) + sign * (vectors[j * length + k] as number);
      }
      const size = scales[i] as number;
      // Remove the part of the slope along the vector: the vector is divided by its length, so its length does not
      // matter.
      const along = size < LARGEST_SCALE ? dot(slope, 0, vectors, i, length) : 0;
      for (let k = 0; k < length; k++) {
        const at = i * vectorStride + k * elementStride;
        const across = (slope[k] as number) - along * (vectors[i * length + k] as number);
        gradient[at] = (gradient[at] as number) + factor * size * across;
      }
    }
  }

  #layout(shape: readonly number[]): VectorLayout {
    const [rows, columns] = shape;
    if (shape.length !== 2 || rows === undefined || columns === undefined) {
      throw expectedShape("OrthogonalRegularizer", "a tensor of rank 2", shape);
    }
    return this.mode === "rows"
      ? { count: rows, length: columns, vectorStride: columns, elementStride: 1 }
      : { count: columns, length: rows, vectorStride: 1, elementStride: columns };
  }

  override getConfig(): Record<string, unknown> {
    return { factor: this.factor, mode: this.mode };
  }
}

/** The position of vectors in a matrix. */
interface VectorLayout {
  /** The number of vectors. */
  count: number;
  /** The number of elements of each vector. */
  length: number;
  /** The distance between the first elements of neighbouring vectors. */
  vectorStride: number;
  /** The distance between neighbouring elements of a vector. */
  elementStride: number;
}

/** The greatest factor that a vector is multiplied with. */
const LARGEST_SCALE = 1 / EPSILON;

/** Returns the vectors in `values`, (count, length), each multiplied with its scale, which is one over its norm. */
function unitVectors(values: NativeArray, layout: VectorLayout): { vectors: Float64Array; scales: Float64Array } {
  const { count, length, vectorStride, elementStride } = layout;
  const vectors = new Float64Array(count * length);
  const scales = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const vector = vectors.subarray(i * length, (i + 1) * length);
    for (let k = 0; k < length; k++) vector[k] = values[i * vectorStride + k * elementStride] as number;
    const scale = Math.min(1 / Math.sqrt(sumOfSquares(vector)), LARGEST_SCALE);
    for (let k = 0; k < length; k++) vector[k] = (vector[k] as number) * scale;
    scales[i] = scale;
  }
  return { vectors, scales };
}

function dot(a: Float64Array, i: number, b: Float64Array, j: number, length: number): number {
  let product = 0;
  for (let k = 0; k < length; k++) product += (a[i * length + k] as number) * (b[j * length + k] as number);
  return product;
}

function pairsOf(count: number): number {
  return (count * (count - 1)) / 2;
}

/** All regularizers by their names. */
export const REGULARIZERS = new Vocabulary<Regularizer>(
  "a regularizer",
  Regularizer,
  [L1, L2, L1L2, OrthogonalRegularizer],
  {},
  {
    Regularizer: "That is the base class, which has no penalty.",
    regularizer: "That is the base class, which has no penalty.",
  },
);

/**
 * Returns the regularizer that `value` stands for: a Keras name, a serialized object, an instance, or `null` (none).
 * Throws `ERR_ARGUMENT`, naming `argument`, for everything else.
 */
export function getRegularizer(value: unknown, argument: string): Regularizer | null {
  return REGULARIZERS.get(value, argument);
}
