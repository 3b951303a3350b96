import { type Form, shapesOfGrus } from "./forms.js";
import { flopsOf, type Shape } from "./shapes.js";

/**
 * The greatest speed of a machine: float32 operations per second, and bytes per second read from the memory of the
 * weights.
 */
export interface BestRates {
  fma: number;
  read: number;
  /** Bytes of the weights that each step reads. */
  readSize: number;
}

/** The work of one call, as far as the tables need it. */
export interface Workload {
  /** Floating-point operations of the products, 2 for each multiply-add; gates are not counted. */
  flops(shape: Shape): number;
  /** The least nanoseconds that a machine needs for a call. */
  floor(shape: Shape, best: BestRates): number;
}

/** Seconds of a product of the inputs, or of all states, with their gates' weights, and of one step's recurrent product. */
function parts({ batch, timesteps, features, units }: Shape, { fma, read, readSize }: BestRates) {
  return {
    inputs: (6 * batch * timesteps * features * units) / fma,
    states: (6 * batch * timesteps * units * units) / fma,
    step: Math.max((6 * batch * units * units) / fma, readSize / read),
  };
}

/**
 * A forward call. The floor is the input projection at the FMA peak, then for each step the recurrent product at that peak or
 * the reading of its weights, whichever takes longer.
 */
export const INFERENCE: Workload = {
  flops: flopsOf,
  floor(shape, best) {
    const { inputs, step } = parts(shape, best);
    return 1e9 * (inputs + shape.timesteps * step);
  },
};

/** Forward calls of several GRUs, one after the other. */
export function inferenceOf(form: Form): Workload {
  const sum = (shape: Shape, of: (one: Shape) => number) =>
    shapesOfGrus(shape, form).reduce((total, one) => total + of(one), 0);
  return {
    flops: (shape) => sum(shape, INFERENCE.flops),
    floor: (shape, best) => sum(shape, (one) => INFERENCE.floor(one, best)),
  };
}

/**
 * A forward and a backward call. Backward has two products for each one of forward. Steps come twice; the gradients of the
 * inputs and of both kernels are products over all steps at once.
 */
export const TRAINING: Workload = {
  flops: (shape) => 3 * flopsOf(shape),
  floor(shape, best) {
    const { inputs, states, step } = parts(shape, best);
    return 1e9 * (3 * inputs + states + 2 * shape.timesteps * step);
  },
};
