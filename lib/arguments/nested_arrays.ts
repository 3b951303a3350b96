import { describe } from "../errors/describe.js";
import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { lengthOf, writeTo } from "../native/intrinsics.js";
import { isSixteenBit, narrowed } from "../native/sixteen_bit.js";
import type { TensorDtype, TypedArray } from "../tensor/tensor.js";
import { allocate } from "./memory.js";
import { elementCount } from "./shapes.js";
import { dtypeOfArray, isTypedArray, requireWhole } from "./typed_array.js";

/** The greatest nesting depth. No tensor here is deeper, and a cycle of arrays ends here. */
const MOST_DIMENSIONS = 16;

/** Returns the shape that the first element at each level implies. */
function shapeOf(value: unknown, name: string): { shape: number[]; leaf: unknown } {
  const shape: number[] = [];
  let inner = value;
  for (;;) {
    const length = lengthIn(inner);
    if (length === undefined) return { shape, leaf: inner };
    if (shape.length === MOST_DIMENSIONS) {
      throw expected("ERR_SHAPE", name, `at most ${MOST_DIMENSIONS} levels of nested arrays`, value);
    }
    shape.push(length);
    inner = (inner as ArrayLike<unknown>)[0];
  }
}

/** Returns the length of an array of any kind; `undefined` for anything else. */
function lengthIn(value: unknown): number | undefined {
  if (isTypedArray(value)) return lengthOf(value);
  return Array.isArray(value) ? value.length : undefined;
}

/** Writes nested arrays into `out`, row-major. Checks that they are regular and hold one kind of element. */
class Filler {
  readonly #out: TypedArray;
  readonly #shape: readonly number[];
  readonly #name: string;
  readonly #booleans: boolean;
  #at = 0;

  constructor(out: TypedArray, shape: readonly number[], name: string, booleans: boolean) {
    this.#out = out;
    this.#shape = shape;
    this.#name = name;
    this.#booleans = booleans;
  }

  fill(value: unknown, axis: number): void {
    if (axis === this.#shape.length) {
      this.#element(value);
      return;
    }
    const length = this.#shape[axis] as number;
    if (lengthIn(value) !== length) throw this.#ragged(value);
    if (!isTypedArray(value)) {
      for (let i = 0; i < length; i++) this.fill((value as unknown[])[i], axis + 1);
      return;
    }
    dtypeOfArray(value, this.#name);
    if (axis !== this.#shape.length - 1) throw this.#ragged(value);
    if (this.#booleans) throw expected("ERR_DTYPE", this.#name, "booleans", value);
    requireWhole(value, length, this.#name);
    writeTo(this.#out, value, this.#at);
    this.#at += length;
  }

  #element(value: unknown): void {
    if (this.#booleans ? typeof value !== "boolean" : typeof value !== "number") {
      if (Array.isArray(value)) throw this.#ragged(value);
      throw expected("ERR_DTYPE", this.#name, this.#booleans ? "booleans" : "numbers", value);
    }
    this.#out[this.#at++] = Number(value);
  }

  #ragged(value: unknown): GRUError {
    return expectedText(
      "ERR_SHAPE",
      this.#name,
      `nested arrays of equal lengths (shape [${this.#shape.join(", ")}], by their first elements)`,
      `${describe(value)} among them`,
    );
  }
}

/** Nested arrays whose shape is known. Their elements have not been read. */
export interface NestedArrays {
  readonly arrays: readonly unknown[];
  /** The shape that the first element at each level implies. */
  readonly shape: readonly number[];
  readonly count: number;
  readonly dtype: TensorDtype;
}

/**
 * Reads the shape of nested arrays that are to become data of `dtype`. With `"bool"` the elements must be booleans,
 * otherwise numbers. With `undefined` the first element decides between `"float32"` and `"bool"`.
 *
 * Throws `ERR_SHAPE` and `ERR_DTYPE`.
 */
export function readNested(arrays: readonly unknown[], name: string, dtype: TensorDtype | undefined): NestedArrays {
  const { shape, leaf } = shapeOf(arrays, name);
  const chosen = dtype ?? (typeof leaf === "boolean" ? "bool" : "float32");
  const count = elementCount(shape, name);
  if (count > 0 && typeof leaf !== (chosen === "bool" ? "boolean" : "number")) {
    throw expected("ERR_DTYPE", name, chosen === "bool" ? "nested booleans" : "nested numbers", leaf);
  }
  return { arrays, shape, count, dtype: chosen };
}

/**
 * Returns the elements as dense data. Throws `ERR_SHAPE` for ragged nesting and `ERR_DTYPE` for elements of another
 * kind.
 */
export function nestedElements({ arrays, shape, count, dtype }: NestedArrays, name: string): TypedArray {
  const data = allocate(isSixteenBit(dtype) ? "float32" : dtype, count, name);
  if (count > 0) new Filler(data, shape, name, dtype === "bool").fill(arrays, 0);
  return isSixteenBit(dtype) ? narrowed(data as Float32Array, dtype) : data;
}
