/**
 * `reduce` and `reduceRight` as all typed arrays have them. TypeScript cannot call them on a union of typed arrays, whose
 * overloads differ in their last parameter; it can where every member has these overloads, too.
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

/** Any of JavaScript's typed arrays of numbers, as far as this package reads them. */
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

/** Data of a floating-point tensor: `Uint16Array` is the bits of 16-bit elements. */
export type FloatArray = Reducible & (Float32Array | Float64Array | Uint16Array);

/** Floating-point numbers that JavaScript can compute with as they are. */
export type RealArray = Reducible & (Float32Array | Float64Array);

/** Data of the element types that the native kernels compute in, row-major and contiguous. */
export type NativeArray = RealArray;

/** The array that holds elements of a floating-point dtype; `FloatArray` where the dtype is one of several. */
export type FloatArrayOf<D extends string> = [D] extends ["float32"]
  ? Float32Array
  : [D] extends ["float64"]
    ? Float64Array
    : [D] extends ["float16" | "bfloat16"]
      ? Uint16Array
      : FloatArray;

/**
 * Whether `list` has only items that `test` accepts. Unlike `every` it tests holes, as `undefined`: a list of 2^32 - 1 holes
 * ends at the first and not after minutes.
 */
export function everyItem(list: readonly unknown[], test: (item: unknown) => boolean): boolean {
  for (const item of list) if (!test(item)) return false;
  return true;
}
