import { expected, type MessageExtras } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import { everyItem } from "../native/arrays.js";
import { readRecord } from "./record.js";
import { requireBoolean, requireInteger } from "./values.js";

/** Bounds of a number: `min` and `max` inclusive, `above` and `below` exclusive. */
export interface Range {
  min?: number;
  max?: number;
  above?: number;
  below?: number;
}

/** Numbers that float32 can hold. */
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
 * Reads an object of named arguments, strictly. Absent arguments (and `undefined`) take their defaults; everything else that
 * is not as it must be throws `ERR_ARGUMENT` naming the argument.
 */
export class Options {
  readonly #values: Record<string, unknown>;
  readonly #extras: MessageExtras;

  /**
   * `known` are the argument names of `owner`; any other key is an error that names the nearest. Each value is read once: it
   * may be a getter. `named` is what errors about a value call its owner; `null` where the argument's name says enough.
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

  /** The value as it came, or `fallback` when it is absent. */
  raw(name: string, fallback: unknown): unknown {
    const value = this.#values[name];
    return value === undefined ? fallback : value;
  }

  /** A finite number within `range`. */
  number(name: string, fallback: number, range: Range = {}): number {
    const value = this.raw(name, fallback);
    if (isWithin(value, range)) return value;
    return this.#fail(name, inWords(range));
  }

  /** A finite number within `range`, or `null`; an absent argument is `null`. */
  numberOrNull(name: string, range: Range = {}): number | null {
    const value = this.raw(name, null);
    if (value === null || isWithin(value, range)) return value;
    return this.#fail(name, `${inWords(range)} or null`);
  }

  /** An integer of at least `min`. */
  integer(name: string, fallback: number, min: number): number {
    return this.#integer(this.raw(name, fallback), name, `an integer of at least ${min}`, min);
  }

  /** An integer of at least `min`, or `null`; an absent argument is `null`. */
  integerOrNull(name: string, min: number): number | null {
    const value = this.raw(name, null);
    return value === null ? null : this.#integer(value, name, `an integer of at least ${min} or null`, min);
  }

  /** As `number`, with `null` standing for the default as in Keras. */
  nullableNumber(name: string, fallback: number, range: Range = {}): number {
    return this.raw(name, null) === null ? fallback : this.number(name, fallback, range);
  }

  /** An integer within ±(2^53 - 1), or `null`. */
  nullableInteger(name: string): number | null {
    const value = this.raw(name, null);
    return value === null ? null : this.#integer(value, name, "an integer or null", Number.MIN_SAFE_INTEGER);
  }

  #integer(value: unknown, name: string, what: string, min: number): number {
    return requireInteger(value, name, what, min, Number.MAX_SAFE_INTEGER, this.#extras);
  }

  /** A string, or `null`. */
  nullableString(name: string): string | null {
    const value = this.raw(name, null);
    if (value === null || typeof value === "string") return value;
    return this.#fail(name, "a string or null");
  }

  /** `true` or `false`. */
  boolean(name: string, fallback: boolean): boolean {
    return requireBoolean(this.#values[name], name, fallback, this.#extras);
  }

  /** One of `allowed`. */
  oneOf<T extends string>(name: string, fallback: T, allowed: readonly T[]): T {
    const value = this.raw(name, fallback);
    const found = allowed.find((item) => item === value);
    return found ?? this.#fail(name, `one of ${allowed.map((item) => `"${item}"`).join(", ")}`);
  }

  /** A list of `min` to `max` finite numbers. A copy. */
  numbers(name: string, min: number, max = Number.POSITIVE_INFINITY): readonly number[] {
    const value = this.raw(name, null);
    const fits =
      Array.isArray(value) && everyItem(value, Number.isFinite) && value.length >= min && value.length <= max;
    if (!fits) this.#fail(name, `a list of ${max === min ? min : `${min} or more`} finite numbers`);
    return Object.freeze([...(value as number[])]);
  }

  /** A list of integers (axes; negative ones count from the end), or `null`. A copy. */
  axes(name: string): readonly number[] | null {
    const value = this.raw(name, null);
    if (value === null) return null;
    if (!Array.isArray(value) || !everyItem(value, Number.isInteger)) this.#fail(name, "a list of integers or null");
    return Object.freeze([...value]);
  }

  /** As `axes`, where a single axis may come as a bare integer. */
  axisOrAxes(name: string, fallback: number): number | readonly number[] | null {
    const value = this.raw(name, fallback);
    if (Number.isInteger(value)) return value as number;
    if (value !== null && !Array.isArray(value)) this.#fail(name, "an integer, a list of integers or null");
    return this.axes(name);
  }
}
