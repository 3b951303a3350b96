/** Keras's optimizers by their Keras names: `new optimizers.Adam({ learning_rate: 1e-3 })`, `optimizers.get("adam")`. */
export { Adam, type AdamOptions, AdamW, type AdamWOptions } from "../adam.js";
export { LossScaleOptimizer, type LossScaleOptimizerOptions } from "../loss_scale_optimizer.js";
export { Optimizer, type VariableGradient } from "../optimizer.js";
export { get, serialize } from "../optimizers.js";
export { RMSprop, type RMSpropOptions } from "../rmsprop.js";
export type { OptimizerOptions } from "../settings.js";
export { SGD, type SGDOptions } from "../sgd.js";
export * as schedules from "./schedules.js";
