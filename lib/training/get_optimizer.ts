import { expected } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import { isObjectOf, Vocabulary } from "../keras/serialization.js";
import { lowerCase, MISSING, UPDATE_OPTIMIZERS, withLowerCase } from "./known_optimizers.js";
import { LossScaleOptimizer } from "./loss_scale_optimizer.js";
import { Optimizer } from "./optimizer.js";

const OPTIMIZERS = new Vocabulary<Optimizer>(
  "an optimizer",
  Optimizer,
  [...UPDATE_OPTIMIZERS, LossScaleOptimizer],
  {},
  MISSING,
  lowerCase,
);

/**
 * Returns the optimizer that `value` stands for: a name in any case, with Keras's default arguments, or a serialized
 * object. An instance and `null` are returned unchanged. Throws `ERR_ARGUMENT`, naming `argument`, for everything else.
 */
export function get<T>(value: T, argument = "identifier"): T extends null ? null : T extends Optimizer ? T : Optimizer {
  return OPTIMIZERS.get(
    reading(argument, () => withLowerCase(value)),
    argument,
  ) as never;
}

/**
 * Returns the optimizer as Keras 3.15 writes it into the configuration of a compiled model. Throws `ERR_ARGUMENT` for
 * anything but an optimizer.
 */
export function serialize(optimizer: Optimizer): ReturnType<Optimizer["serialize"]> {
  if (!reading("optimizer", () => isObjectOf(optimizer, Optimizer))) {
    throw expected("ERR_ARGUMENT", "optimizer", "an optimizer", optimizer);
  }
  return optimizer.serialize();
}
