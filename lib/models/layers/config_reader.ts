import { describe } from "../../errors/describe.js";
import { GRUError } from "../../errors/gru_error.js";
import { getActivation } from "../../keras/activations.js";
import { type DTypePolicy, getDTypePolicy } from "../../keras/dtype_policy.js";
import { modernActivation, modernPolicy } from "../../keras/legacy_config.js";
import type { NativeActivation } from "../../native/binding.js";
import { type Entry, entryError, unsupported } from "../graph/entry.js";
import { readNumbers } from "../graph/numbers.js";

/** Reads the config of one layer. Errors name the layer, the argument, and what was found. */
export class ConfigReader {
  readonly entry: Entry;

  constructor(entry: Entry) {
    this.entry = entry;
  }

  /** Returns the argument as it is in the config; `undefined` when it is absent. */
  raw(key: string): unknown {
    const { config } = this.entry;
    return Object.hasOwn(config, key) ? config[key] : undefined;
  }

  /** Makes the error about an argument. */
  wrong(key: string, expectation: string): Error {
    return entryError(this.entry, `expected ${expectation} for \`${key}\` but found ${describe(this.raw(key))}`);
  }

  /** Returns an integer of at least `min`. */
  integer(key: string, fallback: number | undefined, min: number): number {
    const value = this.raw(key) ?? fallback;
    if (isSize(value) && value >= min) return value;
    throw this.wrong(key, `an integer of at least ${min}`);
  }

  /** Returns an integer, which may be negative. */
  axis(key: string, fallback: number): number {
    const value = this.raw(key) ?? fallback;
    if (typeof value === "number" && Number.isSafeInteger(value)) return value;
    throw this.wrong(key, "an integer");
  }

  /** Returns a list of integers. A single integer counts as a list of one. */
  axes(key: string, fallback: readonly number[]): readonly number[] {
    const value = this.raw(key) ?? fallback;
    const list: unknown[] = Array.isArray(value) ? value : [value];
    if (list.every((item) => typeof item === "number" && Number.isSafeInteger(item))) return list as number[];
    throw this.wrong(key, "an integer or a list of integers");
  }

  /** Returns a finite number. */
  number(key: string, fallback?: number): number {
    const value = this.raw(key) ?? fallback;
    // tf.keras 2 may write a number as an array without axes.
    const read = readNumbers(value);
    const [number] = read?.values ?? [];
    if (number !== undefined && read?.shape.length === 0 && Number.isFinite(number)) return number;
    throw this.wrong(key, "a number");
  }

  /** Returns a finite number, or `null`. An absent argument is `null`. */
  numberOrNull(key: string): number | null {
    return (this.raw(key) ?? null) === null ? null : this.number(key);
  }

  /** Returns `true` or `false`. `null` stands for the default. */
  boolean(key: string, fallback: boolean): boolean {
    const value = this.raw(key) ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.wrong(key, "true or false");
  }

  /** Returns one of the texts in `allowed`. */
  oneOf<T extends string>(key: string, fallback: T, allowed: readonly T[]): T {
    const value = this.raw(key) ?? fallback;
    const found = allowed.find((item) => item === value);
    if (found !== undefined) return found;
    throw this.wrong(key, `one of ${allowed.map((item) => JSON.stringify(item)).join(", ")}`);
  }

  /** Returns `count` integers of at least `min`. A single integer stands for all of them. */
  sizes(key: string, fallback: number | readonly number[], count: number, min = 1): readonly number[] {
    const value = this.raw(key) ?? fallback;
    const list: unknown[] = Array.isArray(value) ? value : new Array(count).fill(value);
    if (list.length === count && list.every((item) => isSize(item) && item >= min)) return list as number[];
    throw this.wrong(key, `${count === 1 ? "an integer" : `${count} integers`} of at least ${min}`);
  }

  /** Returns the activation in the form of the kernels; `null` for linear. */
  activation(key: string, policy: DTypePolicy): NativeActivation | null {
    const value = this.raw(key) ?? null;
    const given = this.entry.place.legacy ? modernActivation(value) : value;
    const read = this.reading(key, () => getActivation(given, key, policy));
    if (read.custom !== null) throw unsupported(this.entry, `the activation ${describe(value)} is not one of Keras's`);
    const native = read.native();
    return native.name === "linear" ? null : native;
  }

  /** Returns the dtype policy of the layer. */
  policy(): DTypePolicy {
    const value = this.raw("dtype") ?? null;
    const given = this.entry.place.legacy ? modernPolicy(value) : value;
    try {
      return getDTypePolicy(withoutMarks(given), "dtype");
    } catch (error) {
      if (!(error instanceof GRUError)) throw error;
      const remedy = "Save the model in float32, float16 or bfloat16";
      throw unsupported(this.entry, `its dtype policy is not supported: ${describe(value)}`, remedy);
    }
  }

  /** Throws unless `data_format` is `channels_last`. */
  requireChannelsLast(): void {
    const format = this.raw("data_format") ?? "channels_last";
    if (format === "channels_last") return;
    throw unsupported(this.entry, `expected data_format channels_last but found ${describe(format)}`);
  }

  /** Runs `read`, and turns an error about the argument into one that names the layer. */
  reading<T>(key: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof GRUError)) throw error;
      const code = error.code === "ERR_UNSUPPORTED" ? "ERR_UNSUPPORTED" : "ERR_FILE_FORMAT";
      throw entryError(this.entry, `its \`${key}\` cannot be read: ${error.message}`, code);
    }
  }
}

/** Sizes must be below this, so that products of a few of them are exact. */
const SIZE_LIMIT = 2 ** 31;

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value < SIZE_LIMIT;
}

/** Keras marks objects that a config has twice. The marks mean nothing to those who read one of them. */
export function withoutMarks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMarks);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== "shared_object_id");
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutMarks(inner)]));
}
