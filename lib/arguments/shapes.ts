import { formatShape } from "../errors/describe.js";
import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import { SIZE_LIMIT } from "../options/values.js";

/** The greatest number of dimensions. No shape here has as many. */
const MOST_DIMENSIONS = 64;

/**
 * Copies the user's list of dimensions or strides to a plain array, and reads each entry once. Returns `null` for
 * anything that is not an array or is too long.
 */
export function readList(value: unknown): unknown[] | null {
  if (!Array.isArray(value)) return null;
  const { length } = value;
  if (!(length <= MOST_DIMENSIONS)) return null;
  const list: unknown[] = [];
  for (let i = 0; i < length; i++) list.push(value[i]);
  return list;
}

/**
 * Checks a shape and returns the number of its elements. Throws `ERR_SHAPE`, naming `name`, unless every dimension is
 * an integer in 0..2^31-1 and JavaScript can count their product exactly.
 */
export function elementCount(shape: readonly unknown[], name: string): number {
  let count = 1;
  for (let axis = 0; axis < shape.length; axis++) {
    const dimension = shape[axis];
    if (typeof dimension !== "number" || !Number.isInteger(dimension) || dimension < 0 || dimension >= SIZE_LIMIT) {
      throw expected("ERR_SHAPE", `${name}.shape[${axis}]`, "an integer from 0 to 2^31 - 1", dimension);
    }
    count *= dimension;
  }
  if (count > Number.MAX_SAFE_INTEGER) throw tooManyElements(shape as readonly number[], name);
  return count;
}

/**
 * Returns the product of the dimensions of an array that the layer would have to hold. Throws `ERR_SHAPE`, naming
 * `name`, when JavaScript cannot count it exactly.
 */
export function checkedProduct(shape: readonly number[], name: string): number {
  let count = 1;
  for (const dimension of shape) count *= dimension;
  if (count > Number.MAX_SAFE_INTEGER) throw tooManyElements(shape, name);
  return count;
}

function tooManyElements(shape: readonly number[], name: string): GRUError {
  return expectedText("ERR_SHAPE", name, "fewer than 2^53 elements", `shape ${formatShape(shape)}`);
}

/** True when the two shapes are equal. */
export function sameShape(a: readonly (number | null)[], b: readonly (number | null)[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) {
    if (a[axis] !== b[axis]) return false;
  }
  return true;
}

/**
 * Reads the input shape that `build` takes: `[batch, timesteps, features]`, where batch and timesteps may be `null`.
 * Throws `ERR_SHAPE`.
 */
export function readInputShape(value: unknown, name: string): [number | null, number | null, number] {
  const shape = reading(name, () => readList(value));
  if (shape?.length !== 3) {
    throw expected("ERR_SHAPE", name, "[batch, timesteps, features], with null for what is not known", value);
  }
  for (let axis = 0; axis < 3; axis++) {
    const dimension: unknown = shape[axis];
    if (dimension === null && axis < 2) continue;
    if (!Number.isInteger(dimension) || (dimension as number) < 0 || (dimension as number) >= SIZE_LIMIT) {
      const wanted = axis < 2 ? "an integer from 0 to 2^31 - 1 or null" : "an integer from 0 to 2^31 - 1";
      throw expected("ERR_SHAPE", `${name}[${axis}]`, wanted, dimension);
    }
  }
  if (shape[1] === 0) throw expected("ERR_SHAPE", `${name}[1]`, "at least one timestep", 0);
  return shape as [number | null, number | null, number];
}
