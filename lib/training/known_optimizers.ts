import { reading } from "../errors/reading.js";
import { KerasObject, Vocabulary } from "../keras/serialization.js";
import { isRecord } from "../options/record.js";
import { Adam, AdamW } from "./adam.js";
import { RMSprop } from "./rmsprop.js";
import { SGD } from "./sgd.js";
import { UpdateOptimizer } from "./update_optimizer.js";

/** Keras's optimizers that this package does not have. */
export const MISSING: Readonly<Record<string, string>> = Object.fromEntries(
  ["Adadelta", "Adafactor", "Adagrad", "Adamax", "Ftrl", "Lamb", "Lion", "Muon", "Nadam", "ScheduleFreeAdamW"].map(
    (name) => [name.toLowerCase(), "Keras has it, this package does not: sgd, rmsprop, adam and adamw are here."],
  ),
);

/** The classes with an update rule. */
export const UPDATE_OPTIMIZERS = [SGD, RMSprop, Adam, AdamW];

/** Returns the name under which Keras looks an optimizer up, which is in lower case. */
export const lowerCase = (name: string): string => name.toLowerCase();

/** Returns `value` with the name of its class in lower case, if it has one. */
export function withLowerCase(value: unknown): unknown {
  if (typeof value === "string") return lowerCase(value);
  if (!isRecord(value) || value instanceof KerasObject) return value;
  const { class_name } = value;
  return typeof class_name === "string" ? { ...value, class_name: lowerCase(class_name) } : value;
}

const INNER = new Vocabulary<UpdateOptimizer>(
  "an optimizer with an update rule of its own",
  UpdateOptimizer,
  UPDATE_OPTIMIZERS,
  {},
  { ...MISSING, lossscaleoptimizer: "A LossScaleOptimizer goes around one of the others." },
  lowerCase,
);

/**
 * Returns the optimizer that `value` stands for, as `get` does. It must be one that a `LossScaleOptimizer` can go
 * around.
 */
export function getUpdateOptimizer(value: unknown, argument: string): UpdateOptimizer | null {
  return INNER.get(
    reading(argument, () => withLowerCase(value)),
    argument,
  );
}
