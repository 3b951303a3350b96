import type { FloatArray, FloatArrayOf, RealArray, TypedArray } from "../native/arrays.js";
import { isSixteenBit, widened } from "../native/sixteen_bit.js";

export type { FloatArray, FloatArrayOf, RealArray, TypedArray };

/**
 * Element types of a `Tensor`. A `bool` tensor holds a `Uint8Array` of zeros and ones; `float16` and `bfloat16` tensors
 * hold the elements' bits in a `Uint16Array`.
 */
export type TensorDtype =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "bool";

/** Numbers in nested arrays, one level per dimension; the innermost rows may be typed arrays. */
export type NestedNumbers = number | TypedArray | readonly NestedNumbers[];

/** Booleans in nested arrays, one level per dimension. */
export type NestedBooleans = boolean | readonly NestedBooleans[];

/** The data of a tensor, and how its elements are stored. */
interface TensorData {
  /** The elements, row-major unless strides say otherwise. */
  readonly data: TypedArray;
  /** The name of the element type, checked against the kind of `data`. */
  readonly dtype?: string | undefined;
  /** onnxruntime's name for `dtype`. */
  readonly type?: string | undefined;
  /** Elements between neighbours along each axis, as ndarray libraries hold them. */
  readonly stride?: readonly number[] | undefined;
  /** The same as `stride`, by another name. */
  readonly strides?: readonly number[] | undefined;
  /** Index of the first element in `data`. */
  readonly offset?: number | undefined;
}

/**
 * Tensors as other libraries hold them, an onnxruntime `Tensor` or an ndarray included: typed data with a shape. Strided
 * data is copied once; contiguous data of the wanted dtype is not copied.
 */
export type TensorObject = TensorData &
  (
    | {
        /** The size of each dimension. */
        readonly shape: readonly number[];
      }
    | {
        /** The size of each dimension, by onnxruntime's name. */
        readonly dims: readonly number[];
      }
  );

/** What every tensor argument takes: an object with typed data and a shape, or nested arrays of numbers. */
export type TensorLike = TensorObject | readonly NestedNumbers[];

/** A dense array with a shape: the kind of every result. */
export class Tensor<D extends TypedArray = TypedArray> {
  /** The elements, row-major and contiguous. */
  readonly data: D;
  /** The size of each dimension; a plain array. */
  readonly shape: number[];
  /** The element type. */
  readonly dtype: TensorDtype;

  /** Wraps `data` without checks and copies. Use `tensor()` instead, which checks its arguments. */
  constructor(data: D, shape: number[], dtype: TensorDtype) {
    this.data = data;
    this.shape = shape;
    this.dtype = dtype;
  }

  /** `shape`, by onnxruntime's name. */
  get dims(): number[] {
    return this.shape;
  }

  /** `dtype`, by onnxruntime's name. */
  get type(): TensorDtype {
    return this.dtype;
  }

  /** The elements as nested plain arrays of numbers, one level per dimension (a bare value for shape `[]`). */
  toArray(): unknown {
    return nest(this.#numbers(), this.shape, this.dtype === "bool");
  }

  /** Such as `Tensor of float32, shape [2, 3]`. */
  toString(): string {
    return `Tensor of ${this.dtype}, shape [${this.shape.join(", ")}]`;
  }

  /** What `JSON.stringify` writes: plain numbers, of which `tensor(data, shape, dtype)` makes the tensor again. */
  toJSON(): {
    /** The elements as plain numbers, row-major. */
    data: unknown[];
    /** The size of each dimension. */
    shape: number[];
    /** The element type. */
    dtype: TensorDtype;
  } {
    const { shape, dtype } = this;
    return { data: nest(this.#numbers(), [this.data.length], dtype === "bool") as unknown[], shape: [...shape], dtype };
  }

  #numbers(): TypedArray {
    const { data, dtype } = this;
    return isSixteenBit(dtype) ? widened(data as Uint16Array, dtype) : data;
  }
}

function nest(data: TypedArray, shape: readonly number[], booleans: boolean): unknown {
  let at = 0;
  const level = (axis: number): unknown => {
    if (axis === shape.length) {
      const value = data[at++] as number;
      return booleans ? value !== 0 : value;
    }
    return Array.from({ length: shape[axis] as number }, () => level(axis + 1));
  };
  return level(0);
}
