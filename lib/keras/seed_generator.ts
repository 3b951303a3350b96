import { randomInt } from "node:crypto";
import { expected } from "../errors/messages.js";
import { Options } from "../options/options.js";

import { isObjectOf, KerasObject, readSerialized } from "./serialization.js";

const WORD = (1n << 64n) - 1n;

/**
 * Returns one 53-bit number for each seed and count: the finalizer of SplitMix64 over a Weyl sequence that starts at
 * the seed.
 */
function mix(seed: number, count: number): number {
  let z = (BigInt(seed) * 0xd1342543de82ef95n + BigInt(count + 1) * 0x9e3779b97f4a7c15n) & WORD;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & WORD;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & WORD;
  return Number((z ^ (z >> 31n)) >> 11n);
}

/** Returns a seed for callers that gave none: 1 to 1e9, the range from which Keras draws. */
export function freshSeed(): number {
  return randomInt(1, 1_000_000_001);
}

/**
 * A seed that differs at every use (`keras.random.SeedGenerator`). An initializer that has it as `seed` draws other
 * values each time, while an integer seed makes it draw the same values each time.
 */
export class SeedGenerator extends KerasObject {
  static override readonly module = "keras.random";
  static override readonly className: string = "SeedGenerator";

  /** The name that Keras writes into a config; `seed_generator` by default. */
  readonly name: string;
  /** The given integer, or `null` when the generator started with a fresh one. */
  readonly seed: number | null;
  readonly #start: number;
  #count = 0;

  /** Throws `ERR_ARGUMENT` unless `seed` is an integer within ±(2^53 - 1) or `null`. */
  constructor(
    options: {
      /** The seed, an integer within ±(2^53 - 1); by default a fresh one. */
      seed?: number | null | undefined;
      /** The name that Keras writes into a config; `seed_generator` by default. */
      name?: string | null | undefined;
    } = {},
  ) {
    super();
    const read = new Options("SeedGenerator", options, ["seed", "name"]);
    this.seed = read.nullableInteger("seed");
    this.name = read.nullableString("name") ?? "seed_generator";
    this.#start = this.seed ?? freshSeed();
  }

  /** Returns the next seed, an integer in 0..2^53-1. */
  next(): number {
    const seed = mix(this.#start, this.#count);
    this.#count += 1;
    return seed;
  }

  override getConfig(): Record<string, unknown> {
    return { seed: this.seed, name: this.name };
  }
}

/** The `seed` of an initializer. `null` stands for a fresh seed, drawn once. */
export type Seed = number | SeedGenerator | null;

/**
 * Reads a `seed` argument: an integer within ±(2^53 - 1), a `SeedGenerator` or a serialized one, or `null`. Throws
 * `ERR_ARGUMENT` for everything else.
 */
export function readSeed(value: unknown): Seed {
  if (value === null || isObjectOf(value, SeedGenerator)) return value;
  if (typeof value === "object") {
    const { class_name, config } = readSerialized(value, "seed");
    if (class_name === SeedGenerator.className && typeof config !== "string") return new SeedGenerator(config);
  } else if (Number.isSafeInteger(value)) {
    return value as number;
  }
  throw expected("ERR_ARGUMENT", "seed", "an integer, a SeedGenerator or null", value);
}
