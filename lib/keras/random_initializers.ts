import { expectedShape } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import type { NativeArray } from "../native/binding.js";
import { native } from "../native/load.js";
import { Options } from "../options/options.js";
import { checkSize, Initializer } from "./initializer.js";
import { freshSeed, readSeed, type Seed, SeedGenerator } from "./seed_generator.js";
import { resolveAxis, sizeOf } from "./shape.js";

/**
 * The base class of the initializers that draw random numbers. With an integer seed, or with none, one instance draws
 * the same values at every call. With a `SeedGenerator` it draws other values each time. The random numbers are this
 * package's own and differ from TensorFlow's.
 */
export abstract class RandomInitializer extends Initializer {
  /** The seed in use: the given one, or a fresh integer. */
  readonly seed: number | SeedGenerator;
  readonly #given: Seed;

  /** Throws `ERR_ARGUMENT` unless `seed` is an integer, a `SeedGenerator` or `null`. */
  constructor(seed: unknown) {
    super();
    this.#given = readSeed(seed);
    this.seed = this.#given ?? freshSeed();
  }

  /** Returns the seed of the next draw as the addon takes it, in 0..2^53-1. Negative seeds count down from 2^53. */
  protected draw(): number {
    if (this.seed instanceof SeedGenerator) return this.seed.next();
    return this.seed < 0 ? this.seed + 2 ** 53 : this.seed;
  }

  override getConfig(): Record<string, unknown> {
    return { seed: this.#given instanceof SeedGenerator ? this.#given.serialize() : this.#given };
  }
}

/** The arguments of `RandomNormal` and `TruncatedNormal`. */
export interface NormalOptions {
  /** The mean of the distribution; 0 by default. */
  mean?: number | undefined;
  /** The standard deviation of the distribution, before any truncation; 0.05 by default. */
  stddev?: number | undefined;
  /** The seed; by default a fresh one, drawn once. */
  seed?: Seed | undefined;
}

/** Draws from a normal distribution (`keras.initializers.RandomNormal`). */
export class RandomNormal extends RandomInitializer {
  static override readonly className: string = "RandomNormal";

  /** The mean of the distribution. */
  readonly mean: number;
  /** The standard deviation of the distribution. */
  readonly stddev: number;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(options: NormalOptions = {}) {
    const read = new Options("RandomNormal", options, ["mean", "stddev", "seed"]);
    super(read.raw("seed", null));
    this.mean = read.number("mean", 0);
    this.stddev = read.number("stddev", 0.05, { min: 0 });
  }

  override fill(out: NativeArray, shape: readonly number[]): void {
    checkSize(out, shape);
    native().randomNormal(out, this.draw(), this.mean, this.stddev);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), mean: this.mean, stddev: this.stddev };
  }
}

/**
 * Draws from a normal distribution and draws again where a value is more than two standard deviations from the mean
 * (`keras.initializers.TruncatedNormal`).
 */
export class TruncatedNormal extends RandomInitializer {
  static override readonly className: string = "TruncatedNormal";

  /** The mean of the distribution. */
  readonly mean: number;
  /** The standard deviation of the distribution before truncation. */
  readonly stddev: number;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(options: NormalOptions = {}) {
    const read = new Options("TruncatedNormal", options, ["mean", "stddev", "seed"]);
    super(read.raw("seed", null));
    this.mean = read.number("mean", 0);
    this.stddev = read.number("stddev", 0.05, { min: 0 });
  }

  override fill(out: NativeArray, shape: readonly number[]): void {
    checkSize(out, shape);
    native().truncatedNormal(out, this.draw(), this.mean, this.stddev);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), mean: this.mean, stddev: this.stddev };
  }
}

/** Draws from a uniform distribution over [`minval`, `maxval`) (`keras.initializers.RandomUniform`). */
export class RandomUniform extends RandomInitializer {
  static override readonly className: string = "RandomUniform";

  /** The lower bound, which may be drawn. */
  readonly minval: number;
  /** The upper bound, which is never drawn. */
  readonly maxval: number;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(
    options: {
      /** The lower bound, at most `maxval`; -0.05 by default. */
      minval?: number | undefined;
      /** The upper bound; 0.05 by default. */
      maxval?: number | undefined;
      /** The seed; by default a fresh one, drawn once. */
      seed?: Seed | undefined;
    } = {},
  ) {
    const read = new Options("RandomUniform", options, ["minval", "maxval", "seed"]);
    super(read.raw("seed", null));
    this.maxval = read.number("maxval", 0.05);
    this.minval = read.number("minval", -0.05, { max: this.maxval });
  }

  override fill(out: NativeArray, shape: readonly number[]): void {
    checkSize(out, shape);
    native().randomUniform(out, this.draw(), this.minval, this.maxval);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), minval: this.minval, maxval: this.maxval };
  }
}

/**
 * Returns the numbers of inputs and outputs that a weight of `shape` connects. As in a convolution, dimensions before
 * the last two count as a window. With both lists of axes, the numbers are instead the products of the sizes of those
 * axes. Throws `ERR_SHAPE` for axes out of range.
 */
export function computeFans(
  shape: readonly number[],
  inputAxes: readonly number[] | null,
  outputAxes: readonly number[] | null,
): [fanIn: number, fanOut: number] {
  if (inputAxes !== null && outputAxes !== null) {
    const along = (axes: readonly number[]) => sizeOf(axes.map((axis) => shape[resolveAxis(axis, shape)] as number));
    return [along(inputAxes), along(outputAxes)];
  }
  const columns = shape.at(-1) ?? 1;
  const window = sizeOf(shape.slice(0, -2));
  return [(shape.at(-2) ?? columns) * window, columns * window];
}

/** The arguments of the initializers that are named after their scaling. */
export interface FanOptions {
  /** The seed; by default a fresh one, drawn once. */
  seed?: Seed | undefined;
  /** The axes whose sizes multiply to the fan-in. They count only when `output_axes` is given too. */
  input_axes?: readonly number[] | null | undefined;
  /** The axes whose sizes multiply to the fan-out. They count only when `input_axes` is given too. */
  output_axes?: readonly number[] | null | undefined;
}

/** Keras's names for the number that the variance is divided by. */
const MODES = ["fan_in", "fan_out", "fan_avg"] as const;
/** Keras's names for the distribution of a `VarianceScaling`. */
const DISTRIBUTIONS = ["truncated_normal", "untruncated_normal", "uniform"] as const;

/** The arguments of `VarianceScaling`. */
export interface VarianceScalingOptions extends FanOptions {
  /** The variance times the fan, above 0; 1 by default. */
  scale?: number | undefined;
  /** The fan that divides the variance: `"fan_in"` (the default), `"fan_out"`, or `"fan_avg"`, which is their mean. */
  mode?: (typeof MODES)[number] | undefined;
  /** The distribution; `"truncated_normal"` by default. `"normal"` is Keras's older name of the same. */
  distribution?: (typeof DISTRIBUTIONS)[number] | "normal" | undefined;
}

const SCALING_KEYS = ["scale", "mode", "distribution", "seed", "input_axes", "output_axes"];
/** The standard deviation of a standard normal distribution that is truncated at two standard deviations. */
const TRUNCATED_STDDEV = 0.87962566103423978;

/**
 * Draws with a variance of `scale / n`, where n is the fan-in, the fan-out or their mean
 * (`keras.initializers.VarianceScaling`).
 */
export class VarianceScaling extends RandomInitializer {
  static override readonly className: string = "VarianceScaling";

  /** The variance times the fan. */
  readonly scale: number;
  /** The fan that divides the variance. */
  readonly mode: (typeof MODES)[number];
  /** The distribution. */
  readonly distribution: (typeof DISTRIBUTIONS)[number];
  /** The axes whose sizes multiply to the fan-in, or `null`. They count only when `output_axes` is given too. */
  readonly input_axes: readonly number[] | null;
  /** The axes whose sizes multiply to the fan-out, or `null`. They count only when `input_axes` is given too. */
  readonly output_axes: readonly number[] | null;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(options: VarianceScalingOptions = {}) {
    const read = new Options(
      "VarianceScaling",
      reading("VarianceScaling", () => withPlainDistribution(options)),
      SCALING_KEYS,
    );
    super(read.raw("seed", null));
    this.scale = read.number("scale", 1, { above: 0 });
    this.mode = read.oneOf("mode", "fan_in", MODES);
    this.distribution = read.oneOf("distribution", "truncated_normal", DISTRIBUTIONS);
    this.input_axes = read.axes("input_axes");
    this.output_axes = read.axes("output_axes");
  }

  override fill(out: NativeArray, shape: readonly number[]): void {
    checkSize(out, shape);
    const { distribution, limit, stddev } = spread(this, shape);
    if (distribution === "uniform") native().randomUniform(out, this.draw(), -limit, limit);
    else if (distribution === "normal") native().randomNormal(out, this.draw(), 0, stddev);
    else native().truncatedNormal(out, this.draw(), 0, stddev);
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      scale: this.scale,
      mode: this.mode,
      distribution: this.distribution,
      input_axes: this.input_axes,
      output_axes: this.output_axes,
    };
  }
}

/**
 * Returns the distribution from which a weight of `shape` is drawn. It is uniform within ±`limit`, or normal around 0
 * with a standard deviation of `stddev` before truncation.
 */
export function spread(
  initializer: VarianceScaling,
  shape: readonly number[],
): { distribution: "uniform" | "normal" | "truncated_normal"; limit: number; stddev: number } {
  const { scale, mode, distribution, input_axes, output_axes } = initializer;
  const [fanIn, fanOut] = computeFans(shape, input_axes, output_axes);
  const fans = { fan_in: fanIn, fan_out: fanOut, fan_avg: (fanIn + fanOut) / 2 };
  const variance = scale / Math.max(1, fans[mode]);
  return {
    distribution: distribution === "untruncated_normal" ? "normal" : distribution,
    limit: Math.sqrt(3 * variance),
    stddev: Math.sqrt(variance) / (distribution === "truncated_normal" ? TRUNCATED_STDDEV : 1),
  };
}

/** Converts `distribution` to lower case and "normal" to "truncated_normal", as Keras does. */
function withPlainDistribution(options: VarianceScalingOptions): VarianceScalingOptions {
  return reading("VarianceScaling", () => {
    const distribution: unknown = options?.distribution;
    if (typeof distribution !== "string") return options;
    const lower = distribution.toLowerCase() as (typeof DISTRIBUTIONS)[number] | "normal";
    return { ...options, distribution: lower === "normal" ? "truncated_normal" : lower };
  });
}

/** The base class of the initializers whose name states scale, mode and distribution. */
abstract class NamedScaling extends VarianceScaling {
  /** `preset` has the scale, mode and distribution. Throws `ERR_ARGUMENT` for bad `options`. */
  constructor(name: string, preset: VarianceScalingOptions, options: FanOptions) {
    new Options(name, options, ["seed", "input_axes", "output_axes"]);
    super(reading(name, () => ({ ...options, ...preset })));
  }

  override getConfig(): Record<string, unknown> {
    const { seed, input_axes, output_axes } = super.getConfig();
    return { seed, input_axes, output_axes };
  }
}

/**
 * Draws uniformly within ±sqrt(6 / (fan_in + fan_out)). This is Keras's default for a GRU's kernel
 * (`keras.initializers.GlorotUniform`).
 */
export class GlorotUniform extends NamedScaling {
  static override readonly className: string = "GlorotUniform";

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(options: FanOptions = {}) {
    super("GlorotUniform", { scale: 1, mode: "fan_avg", distribution: "uniform" }, options);
  }
}

/**
 * Draws from a truncated normal distribution with a variance of 2 / (fan_in + fan_out)
 * (`keras.initializers.GlorotNormal`).
 */
export class GlorotNormal extends NamedScaling {
  static override readonly className: string = "GlorotNormal";

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(options: FanOptions = {}) {
    super("GlorotNormal", { scale: 1, mode: "fan_avg", distribution: "truncated_normal" }, options);
  }
}

/** Draws uniformly within ±sqrt(3 / fan_in) (`keras.initializers.LecunUniform`). */
export class LecunUniform extends NamedScaling {
  static override readonly className: string = "LecunUniform";

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(options: FanOptions = {}) {
    super("LecunUniform", { scale: 1, mode: "fan_in", distribution: "uniform" }, options);
  }
}

/** Draws from a truncated normal distribution with a variance of 1 / fan_in (`keras.initializers.LecunNormal`). */
export class LecunNormal extends NamedScaling {
  static override readonly className: string = "LecunNormal";

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(options: FanOptions = {}) {
    super("LecunNormal", { scale: 1, mode: "fan_in", distribution: "truncated_normal" }, options);
  }
}

/** Draws uniformly within ±sqrt(6 / fan_in) (`keras.initializers.HeUniform`). */
export class HeUniform extends NamedScaling {
  static override readonly className: string = "HeUniform";

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(options: FanOptions = {}) {
    super("HeUniform", { scale: 2, mode: "fan_in", distribution: "uniform" }, options);
  }
}

/** Draws from a truncated normal distribution with a variance of 2 / fan_in (`keras.initializers.HeNormal`). */
export class HeNormal extends NamedScaling {
  static override readonly className: string = "HeNormal";

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(options: FanOptions = {}) {
    super("HeNormal", { scale: 2, mode: "fan_in", distribution: "truncated_normal" }, options);
  }
}

/**
 * Makes a matrix with orthonormal rows or columns, whichever are fewer, and multiplies it by `gain`
 * (`keras.initializers.Orthogonal`). This is Keras's default for a GRU's recurrent kernel. Dimensions before the last
 * together are the rows. A shape of a rank below 2 throws `ERR_SHAPE`.
 */
export class Orthogonal extends RandomInitializer {
  static override readonly className: string = "Orthogonal";

  /** The factor. */
  readonly gain: number;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(
    options: {
      /** The factor; 1 by default. */
      gain?: number | undefined;
      /** The seed; by default a fresh one, drawn once. */
      seed?: Seed | undefined;
    } = {},
  ) {
    const read = new Options("Orthogonal", options, ["gain", "seed"]);
    super(read.raw("seed", null));
    this.gain = read.number("gain", 1);
  }

  override fill(out: NativeArray, shape: readonly number[]): void {
    const columns = shape.at(-1);
    if (shape.length < 2 || columns === undefined) {
      throw expectedShape("Orthogonal", "a shape of rank 2 or more", shape);
    }
    checkSize(out, shape);
    if (out.length > 0) native().orthogonal(out, sizeOf(shape.slice(0, -1)), columns, this.draw(), this.gain);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), gain: this.gain };
  }
}
