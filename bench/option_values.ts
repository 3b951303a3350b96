import { InvalidArgumentError } from "commander";
import { parseShape, type Shape } from "./shapes.js";

/** The most threads that `configure` takes. */
const MOST_THREADS = 1024;

/** Reads a list with commas, each item by `item`. */
export function list<T>(item: (text: string) => T): (text: string) => T[] {
  return (text) => text.split(",").map(item);
}

/** Reads one of these names. */
export function oneOf<T extends string>(names: readonly T[]): (text: string) => T {
  return (text) => {
    const found = names.find((name) => name === text);
    if (found === undefined) throw new InvalidArgumentError(`Expected ${names.join(", ")}.`);
    return found;
  };
}

/** Reads a positive integer. */
export function positive(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("Expected a positive integer.");
  return Number(text);
}

/** Reads a number of seconds, which may be a fraction. */
export function seconds(text: string): number {
  if (!/^\d{1,5}(\.\d{1,5})?$/.test(text) || Number(text) === 0) {
    throw new InvalidArgumentError("Expected a positive number of seconds.");
  }
  return Number(text);
}

/** Reads a number of threads; "all" stands for every CPU that this process may use. */
export function threadCount(text: string): number | "all" {
  if (text === "all") return text;
  const count = positive(text);
  if (count > MOST_THREADS) throw new InvalidArgumentError(`Expected "all" or at most ${MOST_THREADS} threads.`);
  return count;
}

/** Reads a shape such as `32x100x128-256`. */
export function shape(text: string): Shape {
  try {
    return parseShape(text);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}

/** Makes a reader of one value into that of an argument that may be given several times. */
export function several<T>(item: (text: string) => T): (text: string, before: T[] | undefined) => T[] {
  return (text, before) => [...(before ?? []), item(text)];
}
