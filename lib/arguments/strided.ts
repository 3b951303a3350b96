import { formatShape } from "../errors/describe.js";
import { expected, expectedText } from "../errors/messages.js";
import { lengthOf, ordinaryArray, viewOf } from "../native/intrinsics.js";
import { requireInteger } from "../options/values.js";
import type { TypedArray } from "../tensor/tensor.js";
import { allocate } from "./memory.js";
import { readList } from "./shapes.js";
import { dtypeOfArray } from "./typed_array.js";

/** The places of the elements of strided data. */
export interface Layout {
  /** The index of the first element. */
  readonly start: number;
  /** One more than the greatest index of any element. */
  readonly end: number;
  /**
   * The number of elements between neighbours along each axis; `null` when the elements follow each other in row-major
   * order.
   */
  readonly steps: readonly number[] | null;
}

/**
 * Reads the strides and the offset of strided data, in the form that ndarray libraries have. Both count elements, and
 * strides may be negative.
 *
 * Throws `ERR_SHAPE` when the strides do not fit the shape or reach outside `data`, and `ERR_ARGUMENT` for a bad
 * offset.
 */
export function readLayout(
  data: TypedArray,
  shape: readonly number[],
  count: number,
  strides: unknown,
  offset: unknown,
  name: string,
): Layout {
  const start =
    offset === undefined || offset === null
      ? 0
      : requireInteger(offset, `${name}.offset`, "a whole number", 0, Number.MAX_SAFE_INTEGER);
  const steps = readStrides(strides, shape, name);
  if (count === 0) return { start: 0, end: 0, steps: null };
  let lowest = start;
  let highest = start;
  let dense = true;
  let denseStep = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis] as number;
    const step = steps === null ? denseStep : (steps[axis] as number);
    if (step < 0) lowest += step * (length - 1);
    else highest += step * (length - 1);
    if (length !== 1 && step !== denseStep) dense = false;
    denseStep *= length;
  }
  const elements = lengthOf(data);
  if (lowest < 0 || highest >= elements) {
    throw expectedText(
      "ERR_SHAPE",
      name,
      `data that holds the elements ${lowest} to ${highest} (by its shape, strides and offset)`,
      `${elements} elements`,
    );
  }
  return { start, end: highest + 1, steps: dense ? null : steps };
}

function readStrides(strides: unknown, shape: readonly number[], name: string): readonly number[] | null {
  if (strides === undefined || strides === null) return null;
  const steps = readList(strides);
  if (steps === null || steps.length !== shape.length || !steps.every(Number.isSafeInteger)) {
    throw expected("ERR_SHAPE", `${name}.strides`, `one integer for each dimension of ${formatShape(shape)}`, strides);
  }
  // An axis with one element is never stepped along. Its stride may be any number, even one that makes sums inexact.
  return (steps as number[]).map((step, axis) => (shape[axis] === 1 ? 0 : step));
}

/**
 * Returns the elements in row-major order. The result is a view of `data` if they already have that order, and a copy
 * otherwise. Throws `ERR_OUT_OF_MEMORY`.
 */
export function gathered(
  data: TypedArray,
  shape: readonly number[],
  { start, steps }: Layout,
  count: number,
  name: string,
): TypedArray {
  if (steps === null) return viewOf(data, start, count);
  // The elements of a Float16Array are copied as bits.
  const source = ordinaryArray(data);
  const out = allocate(dtypeOfArray(source, name), count, name);
  const index = new Array<number>(shape.length).fill(0);
  let at = start;
  for (let i = 0; i < count; i++) {
    out[i] = source[at] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += steps[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if (index[axis] !== shape[axis]) break;
      at -= (steps[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return out;
}
