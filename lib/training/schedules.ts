import { Vocabulary } from "../keras/serialization.js";
import { FLOAT32, Options } from "../options/options.js";
import { LearningRateSchedule } from "./learning_rate_schedule.js";

const f = Math.fround;
const POSITIVE = { ...FLOAT32, above: 0 };

/** The arguments of `ExponentialDecay` and `InverseTimeDecay`. */
export interface DecayOptions {
  /** The learning rate at step 0. */
  initial_learning_rate: number;
  /** The `decay_steps` of the schedule's formula, above 0. */
  decay_steps: number;
  /** The `decay_rate` of the schedule's formula. */
  decay_rate: number;
  /** Whether the rate changes only every `decay_steps` steps; false by default. */
  staircase?: boolean | undefined;
  /** Keras's name of the schedule; the name of the class by default. */
  name?: string | undefined;
}

/** The arguments and the progress that `ExponentialDecay` and `InverseTimeDecay` share. */
abstract class Decay extends LearningRateSchedule {
  /** The learning rate at step 0. */
  readonly initial_learning_rate: number;
  /** The `decay_steps` of the schedule's formula. */
  readonly decay_steps: number;
  /** The `decay_rate` of the schedule's formula. */
  readonly decay_rate: number;
  /** Whether the rate changes only every `decay_steps` steps. */
  readonly staircase: boolean;
  /** Keras's name of the schedule. */
  readonly name: string;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
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

  /** Returns how many times `decay_steps` have passed. */
  protected progress(step: number): number {
    const passed = f(f(step) / f(this.decay_steps));
    return this.staircase ? Math.floor(passed) : passed;
  }

  override getConfig(): Record<string, unknown> {
    const { initial_learning_rate, decay_steps, decay_rate, staircase, name } = this;
    return { initial_learning_rate, decay_steps, decay_rate, staircase, name };
  }
}

/**
 * The learning rate `initial_learning_rate * decay_rate ^ (step / decay_steps)`
 * (`keras.optimizers.schedules.ExponentialDecay`).
 */
export class ExponentialDecay extends Decay {
  static override readonly className: string = "ExponentialDecay";

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(options: DecayOptions) {
    super("ExponentialDecay", options);
  }

  override at(step: number): number {
    return f(f(this.initial_learning_rate) * f(f(this.decay_rate) ** this.progress(step)));
  }
}

/**
 * The learning rate `initial_learning_rate / (1 + decay_rate * step / decay_steps)`
 * (`keras.optimizers.schedules.InverseTimeDecay`).
 */
export class InverseTimeDecay extends Decay {
  static override readonly className: string = "InverseTimeDecay";

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(options: DecayOptions) {
    super("InverseTimeDecay", options);
  }

  override at(step: number): number {
    return f(f(this.initial_learning_rate) / f(1 + f(f(this.decay_rate) * this.progress(step))));
  }
}

/** The arguments of `PiecewiseConstantDecay`. */
export interface PiecewiseConstantOptions {
  /** The last step of each learning rate but the last, ascending. */
  boundaries: readonly number[];
  /** The learning rates: one more than there are boundaries. */
  values: readonly number[];
  /** Keras's name of the schedule; `PiecewiseConstant` by default. */
  name?: string | undefined;
}

/**
 * The learning rate `values[i]` up to and including step `boundaries[i]`, and the last value afterwards
 * (`keras.optimizers.schedules.PiecewiseConstantDecay`).
 */
export class PiecewiseConstantDecay extends LearningRateSchedule {
  static override readonly className: string = "PiecewiseConstantDecay";

  /** The last step of each learning rate but the last. */
  readonly boundaries: readonly number[];
  /** The learning rates. */
  readonly values: readonly number[];
  /** Keras's name of the schedule. */
  readonly name: string;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
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

/** The arguments of `PolynomialDecay`. */
export interface PolynomialDecayOptions {
  /** The learning rate at step 0. */
  initial_learning_rate: number;
  /** The number of steps of the decay, above 0. */
  decay_steps: number;
  /** The learning rate after the decay; 0.0001 by default. */
  end_learning_rate?: number | undefined;
  /** The exponent; 1 by default, which means a linear decay. */
  power?: number | undefined;
  /** Whether the decay starts again, ever more slowly, after `decay_steps`; false by default. */
  cycle?: boolean | undefined;
  /** Keras's name of the schedule; the name of the class by default. */
  name?: string | undefined;
}

/**
 * The learning rate falls from `initial_learning_rate` to `end_learning_rate` along `(1 - step / decay_steps) ^ power`
 * (`keras.optimizers.schedules.PolynomialDecay`).
 */
export class PolynomialDecay extends LearningRateSchedule {
  static override readonly className: string = "PolynomialDecay";

  /** The learning rate at step 0. */
  readonly initial_learning_rate: number;
  /** The number of steps of the decay. */
  readonly decay_steps: number;
  /** The learning rate after the decay. */
  readonly end_learning_rate: number;
  /** The exponent. */
  readonly power: number;
  /** Whether the decay starts again after `decay_steps`. */
  readonly cycle: boolean;
  /** Keras's name of the schedule. */
  readonly name: string;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
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

/** The arguments of `CosineDecay`. */
export interface CosineDecayOptions {
  /** The learning rate at step 0. */
  initial_learning_rate: number;
  /** The number of steps of the decay, above 0. The warm-up is not counted. */
  decay_steps: number;
  /** The last learning rate as a fraction of the first; 0 by default. */
  alpha?: number | undefined;
  /** Keras's name of the schedule; the name of the class by default. */
  name?: string | undefined;
  /**
   * The learning rate at the end of a linear warm-up from `initial_learning_rate`, where the decay starts. The default
   * `null` means no warm-up.
   */
  warmup_target?: number | null | undefined;
  /** The number of steps of the warm-up, at least 0; 0 by default. */
  warmup_steps?: number | undefined;
}

/**
 * The learning rate falls along half a cosine from its first (warmed-up) value to `alpha` times that value
 * (`keras.optimizers.schedules.CosineDecay`).
 */
export class CosineDecay extends LearningRateSchedule {
  static override readonly className: string = "CosineDecay";

  /** The learning rate at step 0. */
  readonly initial_learning_rate: number;
  /** The number of steps of the decay. */
  readonly decay_steps: number;
  /** The last learning rate as a fraction of the first. */
  readonly alpha: number;
  /** Keras's name of the schedule. */
  readonly name: string;
  /** The learning rate at the end of the warm-up, or `null` without one. */
  readonly warmup_target: number | null;
  /** The number of steps of the warm-up. */
  readonly warmup_steps: number;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
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

/** The arguments of `CosineDecayRestarts`. */
export interface CosineDecayRestartsOptions {
  /** The learning rate at step 0. */
  initial_learning_rate: number;
  /** The number of steps of the first period, above 0. */
  first_decay_steps: number;
  /** The length of each period divided by the length of the one before, at least 1; 2 by default. */
  t_mul?: number | undefined;
  /** The first learning rate of each period divided by that of the one before; 1 by default. */
  m_mul?: number | undefined;
  /** The least learning rate as a fraction of the first; 0 by default. */
  alpha?: number | undefined;
  /** Keras's name of the schedule; `SGDRDecay` by default. */
  name?: string | undefined;
}

/**
 * The learning rate falls along half a cosine to `alpha` times its first value, and then starts again, period after
 * period (`keras.optimizers.schedules.CosineDecayRestarts`).
 */
export class CosineDecayRestarts extends LearningRateSchedule {
  static override readonly className: string = "CosineDecayRestarts";

  /** The learning rate at step 0. */
  readonly initial_learning_rate: number;
  /** The number of steps of the first period. */
  readonly first_decay_steps: number;
  /** The length of each period divided by the length of the one before. */
  readonly t_mul: number;
  /** The first learning rate of each period divided by that of the one before. */
  readonly m_mul: number;
  /** The least learning rate as a fraction of the first. */
  readonly alpha: number;
  /** Keras's name of the schedule. */
  readonly name: string;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
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

  /**
   * Returns the number of complete periods in a time of `fraction` first periods, and the passed fraction of the next
   * period.
   */
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
 * Returns the schedule that `value` stands for: a serialized object or an instance. Throws `ERR_ARGUMENT`, naming
 * `argument`, for everything else.
 */
export function getSchedule(value: unknown, argument: string): LearningRateSchedule {
  return SCHEDULES.get(value, argument) as LearningRateSchedule;
}
