import { asObject } from "./entry.js";

/** Numbers in a config, with their shape. */
export interface Numbers {
  readonly values: number[];
  readonly shape: number[];
}

/** The most numbers in a config. */
const MOST = 1_000_000;

/**
 * Reads a number, nested lists of numbers, or an array as Keras serializes it. Returns `null` for anything else, ragged
 * lists included.
 */
export function readNumbers(value: unknown): Numbers | null {
  const object = asObject(value);
  const isArray = object?.class_name === "__numpy__" || object?.class_name === "__tensor__";
  const given = isArray ? asObject(object.config)?.value : value;
  const shape: number[] = [];
  for (let level: unknown = given; Array.isArray(level) && shape.length < 16; [level] = level) shape.push(level.length);
  const values: number[] = [];
  const visit = (item: unknown, axis: number): boolean => {
    if (axis < shape.length) {
      return Array.isArray(item) && item.length === shape[axis] && item.every((inner) => visit(inner, axis + 1));
    }
    const number = typeof item === "boolean" ? Number(item) : item;
    if (typeof number !== "number" || values.length >= MOST) return false;
    values.push(number);
    return true;
  };
  return visit(given, 0) ? { values, shape } : null;
}
