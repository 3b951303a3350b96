/**
 * Keras's initializers by their Keras names: `new initializers.HeNormal({ seed: 1 })`.
 *
 * @packageDocumentation
 */
export { Constant, Identity, Ones, Zeros } from "../constant_initializers.js";
export { Initializer } from "../initializer.js";
export {
  type FanOptions,
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  LecunNormal,
  LecunUniform,
  type NormalOptions,
  Orthogonal,
  RandomNormal,
  RandomUniform,
  TruncatedNormal,
  VarianceScaling,
  type VarianceScalingOptions,
} from "../random_initializers.js";
export { type Seed, SeedGenerator } from "../seed_generator.js";
