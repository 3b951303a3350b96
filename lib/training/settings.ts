import { expected, expectedText } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import { autoName } from "../keras/auto_name.js";
import type { SerializedLike } from "../keras/serialization.js";
import { FLOAT32, Options } from "../options/options.js";
import { LearningRateSchedule } from "./schedule.js";
import { getSchedule } from "./schedules.js";

/** What all optimizers but `LossScaleOptimizer` take, by Keras's names and with Keras's defaults. */
export interface OptimizerOptions {
  /** A number or a schedule. */
  learning_rate?: number | LearningRateSchedule | SerializedLike | undefined;
  /** Before each update weights lose this fraction, times the learning rate, of themselves. Default `null`: none. */
  weight_decay?: number | null | undefined;
  /** Greatest L2 norm of each gradient; at most one of the three clippings. Default `null`: any. */
  clipnorm?: number | null | undefined;
  /** Greatest absolute value of each element. Default `null`: any. */
  clipvalue?: number | null | undefined;
  /** Greatest L2 norm of all gradients together. Default `null`: any. */
  global_clipnorm?: number | null | undefined;
  /** Whether to keep a moving average of the weights. Default false. */
  use_ema?: boolean | undefined;
  /** Of the moving average, 0 to 1. Default 0.99. */
  ema_momentum?: number | undefined;
  /** After how many updates each time the weights become their averages; default `null`: never. */
  ema_overwrite_frequency?: number | null | undefined;
  /** What `scaleLoss` multiplies by and `apply` divides gradients by. Default `null`: 1. */
  loss_scale_factor?: number | null | undefined;
  /** How many gradients each update takes the mean of, at least 2. Default `null`: one. */
  gradient_accumulation_steps?: number | null | undefined;
  /** Default: the name of the class in snake case, counted. */
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

/** `OptimizerOptions`, read. */
export interface OptimizerSettings {
  readonly name: string;
  readonly learning_rate: number | LearningRateSchedule;
  readonly weight_decay: number | null;
  readonly clipnorm: number | null;
  readonly global_clipnorm: number | null;
  readonly clipvalue: number | null;
  readonly use_ema: boolean;
  readonly ema_momentum: number;
  readonly ema_overwrite_frequency: number | null;
  readonly loss_scale_factor: number | null;
  readonly gradient_accumulation_steps: number | null;
}

/** A class name as Keras counts optimizers: `RMSprop` is `rm_sprop`. */
function snakeCase(className: string): string {
  return className
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** The arguments of `className`: the common ones and `own`. Throws `ERR_ARGUMENT` for others. */
export function optimizerOptions(className: string, options: unknown, own: readonly string[]): Options {
  return new Options(className, options, [...COMMON_NAMES, ...own]);
}

/** Reads what all optimizers take. Throws `ERR_ARGUMENT`. */
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

/** A learning rate as an optimizer keeps it: a schedule, or a float32 number. Throws `ERR_ARGUMENT`. */
export function readLearningRate(value: unknown): number | LearningRateSchedule {
  if (reading("learning_rate", () => value instanceof LearningRateSchedule)) return value as LearningRateSchedule;
  if (typeof value === "number") {
    const rounded = Math.fround(value);
    if (Number.isFinite(rounded)) return rounded;
  } else if (typeof value === "object" && value !== null) {
    return getSchedule(value, "learning_rate");
  }
  throw expected("ERR_ARGUMENT", "learning_rate", "a finite number or a learning-rate schedule", value);
}

/** A loss to scale: a number, NaN and infinities too. Throws `ERR_ARGUMENT`. */
export function readLoss(value: unknown): number {
  if (typeof value === "number") return value;
  throw expected("ERR_ARGUMENT", "loss", "a number", value);
}
