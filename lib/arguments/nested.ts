import { GRUError } from "../errors.js";
import { describe } from "../keras/text.js";
import { isSixteenBit, narrowed } from "../sixteen_bit.js";
import type { TensorDtype, TypedArray } from "../tensor.js";
import { expected } from "./messages.js";
import { ARRAY_TYPES, dtypeOfArray, isTypedArray } from "./typed_array.js";

/** Deeper nesting than any tensor of ours; a cycle of arrays ends here. */
const MOST_DIMENSIONS = 16;

/** The shape that the first element at each level implies. */
function shapeOf(value: unknown, name: string): { shape: number[]; leaf: unknown } {
  const shape: number[] = [];
  let inner = value;
  while (Array.isArray(inner) || isTypedArray(inner)) {
    if (shape.length === MOST_DIMENSIONS) {
      throw expected("ERR_SHAPE", name, `at most ${MOST_DIMENSIONS} levels of nested arrays`, value);
    }
    shape.push(inner.length);
    inner = inner[0];
  }
  return { shape, leaf: inner };
}

/** Writes nested arrays into `out`, row-major, checking that they are regular and hold one kind of element. */
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
    const typed = isTypedArray(value);
    if (!typed && !Array.isArray(value)) throw this.#ragged(value);
    if (value.length !== length) throw this.#ragged(value);
    if (!typed) {
      for (let i = 0; i < length; i++) this.fill(value[i], axis + 1);
      return;
    }
    dtypeOfArray(value, this.#name);
    if (axis !== this.#shape.length - 1) throw this.#ragged(value);
    if (this.#booleans) throw expected("ERR_DTYPE", this.#name, "booleans", value);
    this.#out.set(value, this.#at);
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
    return new GRUError(
      "ERR_SHAPE",
      `Expected nested arrays of equal lengths (shape [${this.#shape.join(", ")}], by their first elements) for ` +
        `\`${this.#name}\` but received ${describe(value)} among them.`,
    );
  }
}

/**
 * Nested arrays as dense data of `dtype`; with `"bool"` the elements must be booleans, otherwise numbers. With
 * `undefined` the first element decides between `"float32"` and `"bool"`.
 *
 * Throws `ERR_SHAPE` for ragged nesting and `ERR_DTYPE` for elements of another kind.
 */
export function readNested(
  value: readonly unknown[],
  name: string,
  dtype: TensorDtype | undefined,
): { data: TypedArray; shape: number[]; dtype: TensorDtype } {
  if (dtype !== undefined && isSixteenBit(dtype)) {
    const { data, shape } = readNested(value, name, "float32");
    return { data: narrowed(data as Float32Array, dtype), shape, dtype };
  }
  const { shape, leaf } = shapeOf(value, name);
  const chosen = dtype ?? (typeof leaf === "boolean" ? "bool" : "float32");
  const count = shape.reduce((product, length) => product * length, 1);
  if (count > 0 && typeof leaf !== (chosen === "bool" ? "boolean" : "number")) {
    throw expected("ERR_DTYPE", name, chosen === "bool" ? "nested booleans" : "nested numbers", leaf);
  }
  let data: TypedArray;
  try {
    data = new ARRAY_TYPES[chosen](count);
  } catch (cause) {
    throw new GRUError("ERR_SHAPE", `Expected nested arrays that fit into memory for \`${name}\`.`, { cause });
  }
  if (count > 0) new Filler(data, shape, name, chosen === "bool").fill(value, 0);
  return { data, shape, dtype: chosen };
}
