/** The public part of training. */
/**
 * Keras's optimizers by their Keras names: `new optimizers.Adam({ learning_rate: 1e-3 })`, `optimizers.get("adam")`.
 */
export * as optimizers from "./public/optimizers.js";
