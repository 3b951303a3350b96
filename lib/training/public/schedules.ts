/**
 * Keras's learning-rate schedules by their Keras names: `new schedules.CosineDecay({ initial_learning_rate: 1e-3, …
 * })`.
 *
 * @packageDocumentation
 */
export { LearningRateSchedule } from "../learning_rate_schedule.js";
export {
  CosineDecay,
  type CosineDecayOptions,
  CosineDecayRestarts,
  type CosineDecayRestartsOptions,
  type DecayOptions,
  ExponentialDecay,
  InverseTimeDecay,
  PiecewiseConstantDecay,
  type PiecewiseConstantOptions,
  PolynomialDecay,
  type PolynomialDecayOptions,
} from "../schedules.js";
