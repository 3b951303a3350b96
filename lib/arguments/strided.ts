import type { TypedArray } from "../tensor.js";
import { expected, expectedText, formatShape } from "./messages.js";
import { requireInteger } from "./predicates.js";

/**
 * Strided data as ndarray libraries hold it, made contiguous and row-major: a view when it already is, else a copy.
 * Strides and offset count elements; negative strides are fine.
 *
 * Throws `ERR_SHAPE` when the strides do not fit the shape or reach outside `data`, `ERR_ARGUMENT` for a bad offset.
 */
export function readStrided(
  data: TypedArray,
  shape: readonly number[],
  count: number,
  strides: unknown,
  offset: unknown,
  name: string,
): TypedArray {
  const start =
    offset === undefined || offset === null
      ? 0
      : requireInteger(offset, `${name}.offset`, "a whole number", 0, Number.MAX_SAFE_INTEGER);
  const steps = readStrides(strides, shape, name);
  if (count === 0) return data.subarray(0, 0);
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
  if (lowest < 0 || highest >= data.length) {
    throw expectedText(
      "ERR_SHAPE",
      name,
      `data that holds the elements ${lowest} to ${highest} (by its shape, strides and offset)`,
      `${data.length} elements`,
    );
  }
  if (dense) return data.subarray(start, start + count);
  return gather(data, shape, steps as readonly number[], start, count);
}

function readStrides(strides: unknown, shape: readonly number[], name: string): readonly number[] | null {
  if (strides === undefined || strides === null) return null;
  if (!Array.isArray(strides) || strides.length !== shape.length || !strides.every(Number.isSafeInteger)) {
    throw expected("ERR_SHAPE", `${name}.strides`, `one integer for each dimension of ${formatShape(shape)}`, strides);
  }
  return strides;
}

/** Copies the elements in row-major order. `count` is at least 1. */
function gather(
  data: TypedArray,
  shape: readonly number[],
  strides: readonly number[],
  start: number,
  count: number,
): TypedArray {
  const out = new (data.constructor as new (length: number) => TypedArray)(count);
  const index = new Array<number>(shape.length).fill(0);
  let at = start;
  for (let i = 0; i < count; i++) {
    out[i] = data[at] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if (index[axis] !== shape[axis]) break;
      at -= (strides[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return out;
}
