/** A value, or lists and objects of values at any nesting, as Keras's trees are. Values must not be plain objects. */
export type Structure<T> =
  | T
  | readonly Structure<T>[]
  | {
      /** A value, or values at any nesting. */
      readonly [key: string]: Structure<T>;
    };

/** True for a list or a plain object, and false for a value inside of one. */
export function isNested<T>(
  structure: Structure<T>,
): structure is readonly Structure<T>[] | Record<string, Structure<T>> {
  if (typeof structure !== "object" || structure === null) return false;
  if (Array.isArray(structure)) return true;
  const prototype: unknown = Object.getPrototypeOf(structure);
  return prototype === Object.prototype || prototype === null;
}

/** Returns the values of a structure in Keras's order: lists in order, objects by their sorted keys. */
export function flatten<T>(structure: Structure<T>): T[] {
  if (!isNested(structure)) return [structure as T];
  if (Array.isArray(structure)) return structure.flatMap((item) => flatten<T>(item));
  const object = structure as Record<string, Structure<T>>;
  return Object.keys(object)
    .sort()
    .flatMap((key) => flatten<T>(object[key] as Structure<T>));
}

/** Returns a structure of the same form whose values are `map` of the values. Values are visited in the order of `flatten`. */
export function mapStructure<T, U>(structure: Structure<T>, map: (value: T) => U): Structure<U> {
  if (!isNested(structure)) return map(structure as T) as Structure<U>;
  if (Array.isArray(structure)) return structure.map((item) => mapStructure<T, U>(item, map));
  const object = structure as Record<string, Structure<T>>;
  const mapped = new Map(
    Object.keys(object)
      .sort()
      .map((key) => [key, mapStructure<T, U>(object[key] as Structure<T>, map)] as const),
  );
  return Object.fromEntries(Object.keys(object).map((key) => [key, mapped.get(key) as Structure<U>]));
}
