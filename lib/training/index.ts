/** What users see of training: Keras's optimizers and their schedules. */
export * as optimizers from "./public/optimizers.js";
