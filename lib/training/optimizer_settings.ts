import { expected, expectedText } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import { autoName } from "../keras/auto_name.js";
import { isObjectOf, type SerializedLike } from "../keras/serialization.js";
import { FLOAT32, Options } from "../options/options.js";
import { LearningRateSchedule } from "./learning_rate_schedule.js";
import { getSchedule } from "./schedules.js";

/** The arguments that all optimizers but `LossScaleOptimizer` have, with Keras's names and defaults. */
export interface OptimizerOptions {
  /** A number or a schedule. */
  learning_rate?: number | LearningRateSchedule | SerializedLike | undefined;
  /**
   * The fraction of themselves, times the learning rate, that weights lose before each update. The default `null` means
   * none.
   */
  weight_decay?: number | null | undefined;
  /**
   * The greatest L2 norm of each gradient. The default `null` means any. Only one of the three clippings may be given.
   */
  clipnorm?: number | null | undefined;
  /** The greatest absolute value of each element of a gradient. The default `null` means any. */
  clipvalue?: number | null | undefined;
  /** The greatest L2 norm of all gradients together. The default `null` means any. */
  global_clipnorm?: number | null | undefined;
  /** Whether to keep a moving average of the weights; false by default. */
  use_ema?: boolean | undefined;
  /** The factor of the moving average, 0 to 1; 0.99 by default. */
  ema_momentum?: number | undefined;
  /**
   * The number of updates after which the weights are each time set to their averages. The default `null` means never.
   */
  ema_overwrite_frequency?: number | null | undefined;
  /** The factor of `scaleLoss`, by which `apply` divides gradients. The default `null` means 1. */
  loss_scale_factor?: number | null | undefined;
  /** The number of gradients whose mean makes one update, at least 2. The default `null` means one. */
  gradient_accumulation_steps?: number | null | undefined;
  /** Keras's name of the optimizer; by default the name of the class in snake case, counted. */
  name?: string | null | undefined;
}

const COMMON_NAMES = [
  "learning_rate",
  "weight_decay",
  "clipnorm",
  "clipvalue",
  "global_clipnorm",
  "use_ema",
  "ema_momentum",
  "ema_overwrite_frequency",
  "loss_scale_factor",
  "gradient_accumulation_steps",
  "name",
] as const;

/** The arguments of an optimizer after reading and checking. */
export interface OptimizerSettings {
  /** Keras's name of the optimizer. */
  readonly name: string;
  /** A float32 number or a schedule. */
  readonly learning_rate: number | LearningRateSchedule;
  /** The fraction of themselves, times the learning rate, that weights lose before each update, or `null`. */
  readonly weight_decay: number | null;
  /** The greatest L2 norm of each gradient, or `null`. */
  readonly clipnorm: number | null;
  /** The greatest L2 norm of all gradients together, or `null`. */
  readonly global_clipnorm: number | null;
  /** The greatest absolute value of each element of a gradient, or `null`. */
  readonly clipvalue: number | null;
  /** Whether a moving average of the weights is kept. */
  readonly use_ema: boolean;
  /** The factor of the moving average. */
  readonly ema_momentum: number;
  /** The number of updates after which the weights are each time set to their averages, or `null`. */
  readonly ema_overwrite_frequency: number | null;
  /** The factor of `scaleLoss`, or `null` for 1. */
  readonly loss_scale_factor: number | null;
  /** The number of gradients whose mean makes one update, or `null` for one. */
  readonly gradient_accumulation_steps: number | null;
}

/** Returns a class name in the form in which Keras counts optimizers: `rm_sprop` for `RMSprop`. */
function snakeCase(className: string): string {
  return className
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** Reads the object of arguments of `className`: the common ones and `own`. Throws `ERR_ARGUMENT` for others. */
export function optimizerOptions(className: string, options: unknown, own: readonly string[]): Options {
  return new Options(className, options, [...COMMON_NAMES, ...own]);
}

/** Reads the arguments that all optimizers share. Throws `ERR_ARGUMENT`. */
export function readSettings(
  read: Options,
  className: string,
  learningRate: number,
  weightDecay: number | null = null,
): OptimizerSettings {
  const clip = (name: string) => read.numberOrNull(name, { ...FLOAT32, min: 0 });
  const settings = {
    learning_rate: readLearningRate(read.raw("learning_rate", learningRate)),
    weight_decay:
      read.raw("weight_decay", undefined) === undefined ? weightDecay : read.numberOrNull("weight_decay", FLOAT32),
    clipnorm: clip("clipnorm"),
    global_clipnorm: clip("global_clipnorm"),
    clipvalue: clip("clipvalue"),
    use_ema: read.boolean("use_ema", false),
    ema_momentum: read.number("ema_momentum", 0.99, { min: 0, max: 1 }),
    ema_overwrite_frequency: read.integerOrNull("ema_overwrite_frequency", 1),
    loss_scale_factor: read.numberOrNull("loss_scale_factor", { ...FLOAT32, above: 0 }),
    gradient_accumulation_steps: read.integerOrNull("gradient_accumulation_steps", 2),
  };
  const given = ["clipnorm", "clipvalue", "global_clipnorm"] as const;
  const clippings = given.filter((name) => settings[name] !== null);
  if (clippings.length > 1) {
    throw expectedText(
      "ERR_ARGUMENT",
      className,
      "at most one of `clipnorm`, `clipvalue` and `global_clipnorm`",
      clippings.join(" and "),
    );
  }
  return { name: read.nullableString("name") ?? autoName(snakeCase(className)), ...settings };
}

/** Reads a learning rate: a schedule, or a number, which is rounded to float32. Throws `ERR_ARGUMENT`. */
export function readLearningRate(value: unknown): number | LearningRateSchedule {
  if (reading("learning_rate", () => isObjectOf(value, LearningRateSchedule))) return value as LearningRateSchedule;
  if (typeof value === "number") {
    const rounded = Math.fround(value);
    if (Number.isFinite(rounded)) return rounded;
  } else if (typeof value === "object" && value !== null) {
    return getSchedule(value, "learning_rate");
  }
  throw expected("ERR_ARGUMENT", "learning_rate", "a finite number or a learning-rate schedule", value);
}

/** Reads a loss to scale: any number, NaN and infinities included. Throws `ERR_ARGUMENT`. */
export function readLoss(value: unknown): number {
  if (typeof value === "number") return value;
  throw expected("ERR_ARGUMENT", "loss", "a number", value);
}
