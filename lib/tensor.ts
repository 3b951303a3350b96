import { isSixteenBit, widened } from "./sixteen_bit.js";

/** Any of JavaScript's typed arrays of numbers, as far as this package reads them. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Data of a floating-point tensor: `Uint16Array` is the bits of 16-bit elements. */
export type FloatArray = Float32Array | Float64Array | Uint16Array;

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

interface TensorData {
  /** The elements, row-major unless strides say otherwise. */
  readonly data: TypedArray;
  /** The name of the element type, checked against the kind of `data`. */
  readonly dtype?: string;
  /** onnxruntime's name for `dtype`. */
  readonly type?: string;
  /** Elements between neighbours along each axis, as ndarray libraries hold them. */
  readonly stride?: readonly number[];
  readonly strides?: readonly number[];
  /** Index of the first element in `data`. */
  readonly offset?: number;
}

/**
 * Tensors as other libraries hold them, an onnxruntime `Tensor` or an ndarray included: typed data with a shape. Strided
 * data is copied once; contiguous data of the wanted dtype is not copied.
 */
export type TensorObject = TensorData & ({ readonly shape: readonly number[] } | { readonly dims: readonly number[] });

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

  /**
   * Wraps `data` without checks or copies: use `tensor()`, which checks.
   *
   * @internal
   */
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
    const { data, dtype } = this;
    const numbers = isSixteenBit(dtype) ? widened(data as Uint16Array, dtype) : data;
    return nest(numbers, this.shape, dtype === "bool");
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
