import { InvalidArgumentError } from "commander";
import { parseShape, type Shape } from "./shapes.js";

/** The most threads that `configure` takes. */
const MOST_THREADS = 1024;

/** Each function here reads the text of an option, and throws commander's `InvalidArgumentError` for a wrong one. */
type Read<T> = (text: string) => T;

/** Reads items that are separated by commas. */
export function list<T>(item: Read<T>): Read<T[]> {
  return (text) => text.split(",").map((part) => item(part));
}

export function oneOf<T extends string>(names: readonly T[]): Read<T> {
  return (text) => {
    const found = names.find((name) => name === text);
    if (found === undefined) throw new InvalidArgumentError(`Expected ${names.join(", ")}.`);
    return found;
  };
}

export function positive(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("Expected a positive integer.");
  return Number(text);
}

/** Reads a number of threads; "all" stands for every CPU that this process may use. */
export function threadCount(text: string): number | "all" {
  if (text === "all") return text;
  const count = positive(text);
  if (count > MOST_THREADS) throw new InvalidArgumentError(`Expected "all" or at most ${MOST_THREADS} threads.`);
  return count;
}

export function shape(text: string): Shape {
  try {
    return parseShape(text);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}
