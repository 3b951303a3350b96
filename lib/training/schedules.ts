import { Vocabulary } from "../keras/serialization.js";
import { FLOAT32, Options } from "../options/options.js";
import { LearningRateSchedule } from "./schedule.js";

const f = Math.fround;
const POSITIVE = { ...FLOAT32, above: 0 };

/** What both `ExponentialDecay` and `InverseTimeDecay` take. */
export interface DecayOptions {
  initial_learning_rate: number;
  /** Above 0. */
  decay_steps: number;
  decay_rate: number;
  /** Whether the rate changes only every `decay_steps` steps; default false. */
  staircase?: boolean | undefined;
  name?: string | undefined;
}

abstract class Decay extends LearningRateSchedule {
  readonly initial_learning_rate: number;
  readonly decay_steps: number;
  readonly decay_rate: number;
  readonly staircase: boolean;
  readonly name: string;

  constructor(className: string, options: DecayOptions) {
    super();
    const known = ["initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name"];
    const read = new Options(className, options, known);
    this.initial_learning_rate = read.number("initial_learning_rate", Number.NaN, FLOAT32);
    this.decay_steps = read.number("decay_steps", Number.NaN, POSITIVE);
    this.decay_rate = read.number("decay_rate", Number.NaN, FLOAT32);
    this.staircase = read.boolean("staircase", false);
    this.name = read.nullableString("name") ?? className;
  }

  /** How many times `decay_steps` have passed. */
  protected progress(step: number): number {
    const passed = f(f(step) / f(this.decay_steps));
    return this.staircase ? Math.floor(passed) : passed;
  }

  override getConfig(): Record<string, unknown> {
    const { initial_learning_rate, decay_steps, decay_rate, staircase, name } = this;
    return { initial_learning_rate, decay_steps, decay_rate, staircase, name };
  }
}

/** `initial_learning_rate * decay_rate ^ (step / decay_steps)`. */
export class ExponentialDecay extends Decay {
  static override readonly className: string = "ExponentialDecay";

  constructor(options: DecayOptions) {
    super("ExponentialDecay", options);
  }

  override at(step: number): number {
    return f(f(this.initial_learning_rate) * f(f(this.decay_rate) ** this.progress(step)));
  }
}

/** `initial_learning_rate / (1 + decay_rate * step / decay_steps)`. */
export class InverseTimeDecay extends Decay {
  static override readonly className: string = "InverseTimeDecay";

  constructor(options: DecayOptions) {
    super("InverseTimeDecay", options);
  }

  override at(step: number): number {
    return f(f(this.initial_learning_rate) / f(1 + f(f(this.decay_rate) * this.progress(step))));
  }
}

/** What `PiecewiseConstantDecay` takes. */
export interface PiecewiseConstantOptions {
  /** Steps, ascending. */
  boundaries: readonly number[];
  /** One more than boundaries. */
  values: readonly number[];
  name?: string | undefined;
}

/** `values[i]` up to and with step `boundaries[i]`, then the last. */
export class PiecewiseConstantDecay extends LearningRateSchedule {
  static override readonly className: string = "PiecewiseConstantDecay";

  readonly boundaries: readonly number[];
  readonly values: readonly number[];
  readonly name: string;

  constructor(options: PiecewiseConstantOptions) {
    super();
    const read = new Options("PiecewiseConstantDecay", options, ["boundaries", "values", "name"]);
    this.boundaries = read.numbers("boundaries", 1);
    this.values = read.numbers("values", this.boundaries.length + 1, this.boundaries.length + 1);
    this.name = read.nullableString("name") ?? "PiecewiseConstant";
  }

  override at(step: number): number {
    const passed = this.boundaries.findIndex((boundary) => step <= Math.trunc(boundary));
    return f(this.values[passed < 0 ? this.boundaries.length : passed] as number);
  }

  override getConfig(): Record<string, unknown> {
    return { boundaries: [...this.boundaries], values: [...this.values], name: this.name };
  }
}

/** What `PolynomialDecay` takes. */
export interface PolynomialDecayOptions {
  initial_learning_rate: number;
  /** Above 0. */
  decay_steps: number;
  /** Default 0.0001. */
  end_learning_rate?: number | undefined;
  /** Default 1: linear. */
  power?: number | undefined;
  /** Whether it begins again, ever more slowly, beyond `decay_steps`; default false. */
  cycle?: boolean | undefined;
  name?: string | undefined;
}

/** From `initial_learning_rate` to `end_learning_rate` along `(1 - step / decay_steps) ^ power`. */
export class PolynomialDecay extends LearningRateSchedule {
  static override readonly className: string = "PolynomialDecay";

  readonly initial_learning_rate: number;
  readonly decay_steps: number;
  readonly end_learning_rate: number;
  readonly power: number;
  readonly cycle: boolean;
  readonly name: string;

  constructor(options: PolynomialDecayOptions) {
    super();
    const known = ["initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle", "name"];
    const read = new Options("PolynomialDecay", options, known);
    this.initial_learning_rate = read.number("initial_learning_rate", Number.NaN, FLOAT32);
    this.decay_steps = read.number("decay_steps", Number.NaN, POSITIVE);
    this.end_learning_rate = read.number("end_learning_rate", 0.0001, FLOAT32);
    this.power = read.number("power", 1, FLOAT32);
    this.cycle = read.boolean("cycle", false);
    this.name = read.nullableString("name") ?? "PolynomialDecay";
  }

  override at(step: number): number {
    const steps = f(this.decay_steps);
    const rounds = this.cycle && step !== 0 ? Math.ceil(f(f(step) / steps)) : 1;
    const end = f(steps * rounds);
    const passed = f(Math.min(f(step), this.cycle ? Number.POSITIVE_INFINITY : end) / end);
    const span = f(f(this.initial_learning_rate) - f(this.end_learning_rate));
    return f(f(span * f(f(1 - passed) ** f(this.power))) + f(this.end_learning_rate));
  }

  override getConfig(): Record<string, unknown> {
    const { initial_learning_rate, decay_steps, end_learning_rate, power, cycle, name } = this;
    return { initial_learning_rate, decay_steps, end_learning_rate, power, cycle, name };
  }
}

/** What `CosineDecay` takes. */
export interface CosineDecayOptions {
  initial_learning_rate: number;
  /** Above 0, counted after the warm-up. */
  decay_steps: number;
  /** The last learning rate, as a fraction of the first; default 0. */
  alpha?: number | undefined;
  name?: string | undefined;
  /** Where a linear warm-up from `initial_learning_rate` ends and the decay begins; default `null`: no warm-up. */
  warmup_target?: number | null | undefined;
  /** Default 0. */
  warmup_steps?: number | undefined;
}

/** Half a cosine from the (warmed-up) learning rate down to `alpha` times it. */
export class CosineDecay extends LearningRateSchedule {
  static override readonly className: string = "CosineDecay";

  readonly initial_learning_rate: number;
  readonly decay_steps: number;
  readonly alpha: number;
  readonly name: string;
  readonly warmup_target: number | null;
  readonly warmup_steps: number;

  constructor(options: CosineDecayOptions) {
    super();
    const known = ["initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target", "warmup_steps"];
    const read = new Options("CosineDecay", options, known);
    this.initial_learning_rate = read.number("initial_learning_rate", Number.NaN, FLOAT32);
    this.decay_steps = read.number("decay_steps", Number.NaN, POSITIVE);
    this.alpha = read.number("alpha", 0, FLOAT32);
    this.name = read.nullableString("name") ?? "CosineDecay";
    this.warmup_target = read.numberOrNull("warmup_target", FLOAT32);
    this.warmup_steps = read.number("warmup_steps", 0, { ...FLOAT32, min: 0 });
  }

  override at(step: number): number {
    const first = f(this.initial_learning_rate);
    const steps = f(this.decay_steps);
    if (this.warmup_target === null) return this.#decayed(Math.min(f(step), steps), steps, first);
    const warmup = f(this.warmup_steps);
    const target = f(this.warmup_target);
    const passed = Math.min(f(step), f(steps + warmup));
    if (passed < warmup) return f(f(f(target - first) * f(passed / warmup)) + first);
    return this.#decayed(f(passed - warmup), steps, target);
  }

  #decayed(step: number, steps: number, from: number): number {
    const cosine = f(0.5 * f(1 + f(Math.cos(f(f(Math.PI) * f(step / steps))))));
    return f(from * f(f(f(1 - this.alpha) * cosine) + f(this.alpha)));
  }

  override getConfig(): Record<string, unknown> {
    const { initial_learning_rate, decay_steps, alpha, name, warmup_target, warmup_steps } = this;
    return { initial_learning_rate, decay_steps, alpha, name, warmup_target, warmup_steps };
  }
}

/** What `CosineDecayRestarts` takes. */
export interface CosineDecayRestartsOptions {
  initial_learning_rate: number;
  /** Above 0. */
  first_decay_steps: number;
  /** By how much each period is longer than the last; default 2, at least 1. */
  t_mul?: number | undefined;
  /** By how much each period begins lower than the last; default 1. */
  m_mul?: number | undefined;
  /** The least learning rate, as a fraction of the first; default 0. */
  alpha?: number | undefined;
  name?: string | undefined;
}

/** Half a cosine from the learning rate down to `alpha` times it, again and again. */
export class CosineDecayRestarts extends LearningRateSchedule {
  static override readonly className: string = "CosineDecayRestarts";

  readonly initial_learning_rate: number;
  readonly first_decay_steps: number;
  readonly t_mul: number;
  readonly m_mul: number;
  readonly alpha: number;
  readonly name: string;

  constructor(options: CosineDecayRestartsOptions) {
    super();
    const known = ["initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name"];
    const read = new Options("CosineDecayRestarts", options, known);
    this.initial_learning_rate = read.number("initial_learning_rate", Number.NaN, FLOAT32);
    this.first_decay_steps = read.number("first_decay_steps", Number.NaN, POSITIVE);
    this.t_mul = read.number("t_mul", 2, { ...FLOAT32, min: 1 });
    this.m_mul = read.number("m_mul", 1, FLOAT32);
    this.alpha = read.number("alpha", 0, FLOAT32);
    this.name = read.nullableString("name") ?? "SGDRDecay";
  }

  override at(step: number): number {
    const { restarts, passed } = this.#period(f(f(step) / f(this.first_decay_steps)));
    const height = f(0.5 * f(f(this.m_mul) ** restarts));
    const cosine = f(height * f(1 + f(Math.cos(f(f(Math.PI) * passed)))));
    const alpha = f(this.alpha);
    return f(f(this.initial_learning_rate) * f(f(f(1 - alpha) * cosine) + alpha));
  }

  /** The number of whole periods in `fraction` first periods, and how much of the next has passed. */
  #period(fraction: number): { restarts: number; passed: number } {
    const ratio = f(this.t_mul);
    if (ratio === 1) return { restarts: Math.floor(fraction), passed: f(fraction - Math.floor(fraction)) };
    const restarts = Math.floor(f(f(Math.log(f(1 - f(fraction * f(1 - ratio))))) / f(Math.log(ratio))));
    const length = f(ratio ** restarts);
    const before = f(f(1 - length) / f(1 - ratio));
    return { restarts, passed: f(f(fraction - before) / length) };
  }

  override getConfig(): Record<string, unknown> {
    const { initial_learning_rate, first_decay_steps, t_mul, m_mul, alpha, name } = this;
    return { initial_learning_rate, first_decay_steps, t_mul, m_mul, alpha, name };
  }
}

const SCHEDULES = new Vocabulary<LearningRateSchedule>("a learning-rate schedule", LearningRateSchedule, [
  ExponentialDecay,
  PiecewiseConstantDecay,
  PolynomialDecay,
  InverseTimeDecay,
  CosineDecay,
  CosineDecayRestarts,
]);

/**
 * The schedule that `value` stands for: a serialized object or an instance. Throws `ERR_ARGUMENT`, naming `argument`, for
 * everything else.
 */
export function getSchedule(value: unknown, argument: string): LearningRateSchedule {
  return SCHEDULES.get(value, argument) as LearningRateSchedule;
}
