import { expected, type MessageExtras } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import { everyItem } from "../native/arrays.js";
import { readRecord } from "./record.js";
import { requireBoolean, requireInteger } from "./values.js";

/** The bounds of a number. `min` and `max` are allowed values, `above` and `below` are not. */
export interface Range {
  min?: number;
  max?: number;
  above?: number;
  below?: number;
}

/** The range of the numbers that float32 can hold. */
export const FLOAT32: Range = { min: -3.4028234663852886e38, max: 3.4028234663852886e38 };

function inWords({ min, max, above, below }: Range): string {
  const bounds = [
    above === undefined ? "" : `above ${above}`,
    below === undefined ? "" : `below ${below}`,
    min === undefined ? "" : `of at least ${min}`,
    max === undefined ? "" : `of at most ${max}`,
  ].filter(Boolean);
  return bounds.length === 0 ? "a finite number" : `a finite number ${bounds.join(" and ")}`;
}

function isWithin(value: unknown, range: Range): value is number {
  const { min = -Number.MAX_VALUE, max = Number.MAX_VALUE } = range;
  const { above = Number.NEGATIVE_INFINITY, below = Number.POSITIVE_INFINITY } = range;
  return typeof value === "number" && value >= min && value <= max && value > above && value < below;
}

/**
 * Reads an object of named arguments strictly. An absent or `undefined` argument has its default. Any other value that
 * is not allowed throws `ERR_ARGUMENT`, which names the argument.
 */
export class Options {
  readonly #values: Record<string, unknown>;
  readonly #extras: MessageExtras;

  /**
   * `known` lists the argument names of `owner`. Any other key is an error that suggests the nearest name. Each value
   * is read only once, since it may be a getter. Errors about a value mention `named` as the owner of the argument.
   * `null` omits the owner, where the argument's name is clear by itself.
   */
  constructor(owner: string, values: unknown, known: Iterable<string>, named: string | null = owner) {
    this.#extras = named === null ? {} : { owner: named };
    this.#values = reading(owner, () => {
      const names = new Set(known);
      const record = readRecord(values, names, owner, owner, "an object of arguments");
      return Object.fromEntries([...names].map((name) => [name, record[name]]));
    });
  }

  #fail(name: string, what: string): never {
    throw expected("ERR_ARGUMENT", name, what, this.#values[name], this.#extras);
  }

  /** Returns the value unchanged, or `fallback` when it is absent. */
  raw(name: string, fallback: unknown): unknown {
    const value = this.#values[name];
    return value === undefined ? fallback : value;
  }

  /** Returns a finite number within `range`. */
  number(name: string, fallback: number, range: Range = {}): number {
    const value = this.raw(name, fallback);
    if (isWithin(value, range)) return value;
    return this.#fail(name, inWords(range));
  }

  /** Returns a finite number within `range`, or `null`. An absent argument is `null`. */
  numberOrNull(name: string, range: Range = {}): number | null {
    const value = this.raw(name, null);
    if (value === null || isWithin(value, range)) return value;
    return this.#fail(name, `${inWords(range)} or null`);
  }

  /** Returns an integer of at least `min`. */
  integer(name: string, fallback: number, min: number): number {
    return this.#integer(this.raw(name, fallback), name, `an integer of at least ${min}`, min);
  }

  /** Returns an integer of at least `min`, or `null`. An absent argument is `null`. */
  integerOrNull(name: string, min: number): number | null {
    const value = this.raw(name, null);
    return value === null ? null : this.#integer(value, name, `an integer of at least ${min} or null`, min);
  }

  /** Returns a number as `number` does. As in Keras, `null` stands for the default. */
  nullableNumber(name: string, fallback: number, range: Range = {}): number {
    return this.raw(name, null) === null ? fallback : this.number(name, fallback, range);
  }

  /** Returns an integer within ±(2^53 - 1), or `null`. An absent argument is `null`. */
  nullableInteger(name: string): number | null {
    const value = this.raw(name, null);
    return value === null ? null : this.#integer(value, name, "an integer or null", Number.MIN_SAFE_INTEGER);
  }

  #integer(value: unknown, name: string, what: string, min: number): number {
    return requireInteger(value, name, what, min, Number.MAX_SAFE_INTEGER, this.#extras);
  }

  /** Returns a string, or `null`. An absent argument is `null`. */
  nullableString(name: string): string | null {
    const value = this.raw(name, null);
    if (value === null || typeof value === "string") return value;
    return this.#fail(name, "a string or null");
  }

  /** Returns `true` or `false`. */
  boolean(name: string, fallback: boolean): boolean {
    return requireBoolean(this.#values[name], name, fallback, this.#extras);
  }

  /** Returns one of the strings in `allowed`. */
  oneOf<T extends string>(name: string, fallback: T, allowed: readonly T[]): T {
    const value = this.raw(name, fallback);
    const found = allowed.find((item) => item === value);
    return found ?? this.#fail(name, `one of ${allowed.map((item) => `"${item}"`).join(", ")}`);
  }

  /** Returns a frozen copy of a list of `min` to `max` finite numbers. */
  numbers(name: string, min: number, max = Number.POSITIVE_INFINITY): readonly number[] {
    const value = this.raw(name, null);
    const fits =
      Array.isArray(value) && everyItem(value, Number.isFinite) && value.length >= min && value.length <= max;
    if (!fits) this.#fail(name, `a list of ${max === min ? min : `${min} or more`} finite numbers`);
    return Object.freeze([...(value as number[])]);
  }

  /**
   * Returns a frozen copy of a list of integers, or `null`. The integers are axes, so negative ones count from the end.
   */
  axes(name: string): readonly number[] | null {
    const value = this.raw(name, null);
    if (value === null) return null;
    if (!Array.isArray(value) || !everyItem(value, Number.isInteger)) this.#fail(name, "a list of integers or null");
    return Object.freeze([...value]);
  }

  /** Returns axes as `axes` does, or a single axis as a plain integer. */
  axisOrAxes(name: string, fallback: number): number | readonly number[] | null {
    const value = this.raw(name, fallback);
    if (Number.isInteger(value)) return value as number;
    if (value !== null && !Array.isArray(value)) this.#fail(name, "an integer, a list of integers or null");
    return this.axes(name);
  }
}
