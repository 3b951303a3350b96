/**
 * The methods `reduce` and `reduceRight` of all typed arrays. TypeScript cannot call them on a union of typed arrays,
 * because their overloads differ in the last parameter. It can when every member of the union also has these overloads.
 */
interface Reducible {
  /** Combines all elements, first to last, starting with the first one. */
  reduce(callback: (previous: number, current: number, index: number) => number): number;
  /** Combines all elements, first to last, starting with `initial`. */
  reduce(callback: (previous: number, current: number, index: number) => number, initial: number): number;
  /** Combines all elements, first to last, to a value of another type. */
  reduce<U>(callback: (previous: U, current: number, index: number) => U, initial: U): U;
  /** Combines all elements, last to first, starting with the last one. */
  reduceRight(callback: (previous: number, current: number, index: number) => number): number;
  /** Combines all elements, last to first, starting with `initial`. */
  reduceRight(callback: (previous: number, current: number, index: number) => number, initial: number): number;
  /** Combines all elements, last to first, to a value of another type. */
  reduceRight<U>(callback: (previous: U, current: number, index: number) => U, initial: U): U;
}

/** Any of JavaScript's typed arrays of numbers that this package reads. */
export type TypedArray = Reducible &
  (
    | Float32Array
    | Float64Array
    | Int8Array
    | Uint8Array
    | Uint8ClampedArray
    | Int16Array
    | Uint16Array
    | Int32Array
    | Uint32Array
  );

/** The data of a floating-point tensor. A `Uint16Array` holds the bits of 16-bit elements. */
export type FloatArray = Reducible & (Float32Array | Float64Array | Uint16Array);

/** The data of floating-point types that JavaScript can compute with directly. */
export type RealArray = Reducible & (Float32Array | Float64Array);

/** The data of the element types that the native kernels compute in, row-major and contiguous. */
export type NativeArray = RealArray;

/** The type of the array that holds elements of a floating-point dtype. For a union of dtypes it is `FloatArray`. */
export type FloatArrayOf<D extends string> = [D] extends ["float32"]
  ? Float32Array
  : [D] extends ["float64"]
    ? Float64Array
    : [D] extends ["float16" | "bfloat16"]
      ? Uint16Array
      : FloatArray;

/**
 * True when `test` accepts every item of `list`. Unlike `every`, it also tests holes, as `undefined`. A list of 2^32 -
 * 1 holes therefore ends at the first one and not after minutes.
 */
export function everyItem(list: readonly unknown[], test: (item: unknown) => boolean): boolean {
  for (const item of list) if (!test(item)) return false;
  return true;
}
