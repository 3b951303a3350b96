import { formatShape } from "../errors/describe.js";
import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import { SIZE_LIMIT } from "../options/values.js";

/** More than any shape of ours has. */
const MOST_DIMENSIONS = 64;

/**
 * A list of the caller's (dimensions, strides) as a plain array that nobody else has, each entry read once; `null` for
 * what is no array, or too long for one.
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
 * Checks a shape and gives the number of its elements. Throws `ERR_SHAPE`, naming `name`, unless every dimension is an
 * integer in 0..2^31-1 and their product is one that JavaScript counts exactly.
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
 * Multiplies the dimensions of an array that the layer would have to hold. Throws `ERR_SHAPE`, naming `name`, when the
 * product is not one that JavaScript counts exactly.
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
 * An input shape as `build` takes it: `[batch, timesteps, features]`, where batch and timesteps may be `null`.
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
      const what = axis < 2 ? "an integer from 0 to 2^31 - 1 or null" : "an integer from 0 to 2^31 - 1";
      throw expected("ERR_SHAPE", `${name}[${axis}]`, what, dimension);
    }
  }
  if (shape[1] === 0) throw expected("ERR_SHAPE", `${name}[1]`, "at least one timestep", 0);
  return shape as [number | null, number | null, number];
}
