/**
 * Keras's optimizers by their Keras names: `new optimizers.Adam({ learning_rate: 1e-3 })`, `optimizers.get("adam")`.
 *
 * @packageDocumentation
 */
export { Adam, type AdamOptions, AdamW, type AdamWOptions } from "../adam.js";
export { get, serialize } from "../get_optimizer.js";
export { LossScaleOptimizer, type LossScaleOptimizerOptions } from "../loss_scale_optimizer.js";
export { Optimizer, type VariableGradient } from "../optimizer.js";
export type { OptimizerOptions } from "../optimizer_settings.js";
export { RMSprop, type RMSpropOptions } from "../rmsprop.js";
export { SGD, type SGDOptions } from "../sgd.js";
/** Keras's learning-rate schedules by their Keras names: `new schedules.CosineDecay({ … })`. */
export * as schedules from "./schedules.js";
