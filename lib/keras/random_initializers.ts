import { expectedShape } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import type { NativeArray } from "../native/binding.js";
import { native } from "../native/load.js";
import { Options } from "../options/options.js";
import { checkSize, Initializer } from "./initializer.js";
import { freshSeed, readSeed, type Seed, SeedGenerator } from "./seed_generator.js";
import { resolveAxis, sizeOf } from "./shape.js";

/**
 * The base of the initializers that draw. With an integer seed, or with none, one instance gives the same values at
 * every call; with a `SeedGenerator` it gives others each time. The stream is this package's own, not TensorFlow's.
 */
export abstract class RandomInitializer extends Initializer {
  /** The seed in use: the one given, or a fresh integer. */
  readonly seed: number | SeedGenerator;
  readonly #given: Seed;

  constructor(seed: unknown) {
    super();
    this.#given = readSeed(seed);
    this.seed = this.#given ?? freshSeed();
  }

  /** The seed of the next draw, as the addon takes it: 0..2^53-1; negative ones count down from 2^53. */
  protected draw(): number {
    if (this.seed instanceof SeedGenerator) return this.seed.next();
    return this.seed < 0 ? this.seed + 2 ** 53 : this.seed;
  }

  override getConfig(): Record<string, unknown> {
    return { seed: this.#given instanceof SeedGenerator ? this.#given.serialize() : this.#given };
  }
}

/** Arguments of `RandomNormal` and `TruncatedNormal`; defaults 0, 0.05 and a fresh seed. */
export interface NormalOptions {
  mean?: number | undefined;
  stddev?: number | undefined;
  seed?: Seed | undefined;
}

/** Normal with the given `mean` and `stddev`. */
export class RandomNormal extends RandomInitializer {
  static override readonly className: string = "RandomNormal";

  readonly mean: number;
  readonly stddev: number;

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

/** Normal, redrawn beyond two standard deviations from the mean; `stddev` is that before truncation. */
export class TruncatedNormal extends RandomInitializer {
  static override readonly className: string = "TruncatedNormal";

  readonly mean: number;
  readonly stddev: number;

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

/** Uniform in [`minval`, `maxval`); defaults -0.05 and 0.05. */
export class RandomUniform extends RandomInitializer {
  static override readonly className: string = "RandomUniform";

  readonly minval: number;
  readonly maxval: number;

  constructor(options: { minval?: number | undefined; maxval?: number | undefined; seed?: Seed | undefined } = {}) {
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
 * The inputs and outputs that a weight of `shape` connects. Dimensions before the last two count as a convolution's
 * window. With both lists of axes, the products of those axes instead. Throws `ERR_SHAPE` for axes out of range.
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

/** Arguments of the initializers named after their scaling. Axes are those of `VarianceScaling`. */
export interface FanOptions {
  seed?: Seed | undefined;
  input_axes?: readonly number[] | null | undefined;
  output_axes?: readonly number[] | null | undefined;
}

const MODES = ["fan_in", "fan_out", "fan_avg"] as const;
const DISTRIBUTIONS = ["truncated_normal", "untruncated_normal", "uniform"] as const;

/** Arguments of `VarianceScaling`; `"normal"` is Keras's older name of `"truncated_normal"`. */
export interface VarianceScalingOptions extends FanOptions {
  scale?: number | undefined;
  mode?: (typeof MODES)[number] | undefined;
  distribution?: (typeof DISTRIBUTIONS)[number] | "normal" | undefined;
}

const SCALING_KEYS = ["scale", "mode", "distribution", "seed", "input_axes", "output_axes"];
/** A normal distribution's standard deviation after truncation at two standard deviations. */
const TRUNCATED_STDDEV = 0.87962566103423978;

/** Variance `scale / n`, n being the fan-in (default), the fan-out or their mean, by `mode`. */
export class VarianceScaling extends RandomInitializer {
  static override readonly className: string = "VarianceScaling";

  readonly scale: number;
  readonly mode: (typeof MODES)[number];
  readonly distribution: (typeof DISTRIBUTIONS)[number];
  /** Axes that make the fan-in (fan-out); they count only when both are given. */
  readonly input_axes: readonly number[] | null;
  readonly output_axes: readonly number[] | null;

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

/** What a weight of `shape` is drawn from: uniform within ±`limit`, or around 0 with `stddev` (before truncation). */
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

/** Keras takes the distribution in any case, and "normal" for "truncated_normal". */
function withPlainDistribution(options: VarianceScalingOptions): VarianceScalingOptions {
  return reading("VarianceScaling", () => {
    const distribution: unknown = options?.distribution;
    if (typeof distribution !== "string") return options;
    const lower = distribution.toLowerCase() as (typeof DISTRIBUTIONS)[number] | "normal";
    return { ...options, distribution: lower === "normal" ? "truncated_normal" : lower };
  });
}

/** A `VarianceScaling` whose scale, mode and distribution its name says. */
abstract class NamedScaling extends VarianceScaling {
  constructor(name: string, preset: VarianceScalingOptions, options: FanOptions) {
    new Options(name, options, ["seed", "input_axes", "output_axes"]);
    super(reading(name, () => ({ ...options, ...preset })));
  }

  override getConfig(): Record<string, unknown> {
    const { seed, input_axes, output_axes } = super.getConfig();
    return { seed, input_axes, output_axes };
  }
}

/** Uniform within ±sqrt(6 / (fan_in + fan_out)). Keras's default for a GRU's kernel. */
export class GlorotUniform extends NamedScaling {
  static override readonly className: string = "GlorotUniform";

  constructor(options: FanOptions = {}) {
    super("GlorotUniform", { scale: 1, mode: "fan_avg", distribution: "uniform" }, options);
  }
}

/** Truncated normal of variance 2 / (fan_in + fan_out). */
export class GlorotNormal extends NamedScaling {
  static override readonly className: string = "GlorotNormal";

  constructor(options: FanOptions = {}) {
    super("GlorotNormal", { scale: 1, mode: "fan_avg", distribution: "truncated_normal" }, options);
  }
}

/** Uniform within ±sqrt(3 / fan_in). */
export class LecunUniform extends NamedScaling {
  static override readonly className: string = "LecunUniform";

  constructor(options: FanOptions = {}) {
    super("LecunUniform", { scale: 1, mode: "fan_in", distribution: "uniform" }, options);
  }
}

/** Truncated normal of variance 1 / fan_in. */
export class LecunNormal extends NamedScaling {
  static override readonly className: string = "LecunNormal";

  constructor(options: FanOptions = {}) {
    super("LecunNormal", { scale: 1, mode: "fan_in", distribution: "truncated_normal" }, options);
  }
}

/** Uniform within ±sqrt(6 / fan_in). */
export class HeUniform extends NamedScaling {
  static override readonly className: string = "HeUniform";

  constructor(options: FanOptions = {}) {
    super("HeUniform", { scale: 2, mode: "fan_in", distribution: "uniform" }, options);
  }
}

/** Truncated normal of variance 2 / fan_in. */
export class HeNormal extends NamedScaling {
  static override readonly className: string = "HeNormal";

  constructor(options: FanOptions = {}) {
    super("HeNormal", { scale: 2, mode: "fan_in", distribution: "truncated_normal" }, options);
  }
}

/**
 * `gain` times a matrix with orthonormal rows or columns, whichever are fewer. Dimensions before the last are taken
 * together as rows; below rank 2 it is `ERR_SHAPE`. Keras's default for a GRU's recurrent kernel.
 */
export class Orthogonal extends RandomInitializer {
  static override readonly className: string = "Orthogonal";

  readonly gain: number;

  constructor(options: { gain?: number | undefined; seed?: Seed | undefined } = {}) {
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
