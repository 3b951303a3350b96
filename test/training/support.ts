import { optimizers, Variable } from "cudnn-gru";
import { numbers } from "../layers/support.js";

/** Every optimizer, by name, with arguments that make it use all its slots. */
export const OPTIMIZERS: Readonly<Record<string, () => optimizers.Optimizer>> = {
  SGD: () => new optimizers.SGD({ momentum: 0.9, nesterov: true, clipnorm: 1 }),
  RMSprop: () => new optimizers.RMSprop({ momentum: 0.5, centered: true }),
  Adam: () => new optimizers.Adam({ amsgrad: true, global_clipnorm: 1 }),
  AdamW: () => new optimizers.AdamW({ use_ema: true, ema_momentum: 0.5, ema_overwrite_frequency: 4 }),
  accumulating: () => new optimizers.SGD({ gradient_accumulation_steps: 3 }),
  scheduled: () =>
    new optimizers.Adam({
      learning_rate: new optimizers.schedules.CosineDecay({ initial_learning_rate: 0.1, decay_steps: 20 }),
    }),
  LossScaleOptimizer: () =>
    new optimizers.LossScaleOptimizer({ inner_optimizer: new optimizers.Adam(), dynamic_growth_steps: 3 }),
};

export const SHAPES = [[3, 5], [7], []];

/** Variables of `SHAPES` with reproducible values. */
export function variables(dtype: "float32" | "float64" | "float16" | "bfloat16" = "float32"): Variable[] {
  return SHAPES.map((shape, index) => {
    const data = numbers(sizeOf(shape), index + 1);
    return new Variable({ data, shape }, { dtype, name: `w${index}` });
  });
}

/** Reproducible gradients of step `step`, for `variables` of float32 or float64. */
export function gradients(step: number, dtype: "float32" | "float64" = "float32"): (Float32Array | Float64Array)[] {
  return SHAPES.map((shape, index) => {
    const data = numbers(sizeOf(shape), 10 * step + index + 100);
    return dtype === "float32" ? new Float32Array(data) : data;
  });
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}

/** Everything that a failed call must leave as it was. */
export function stateOf(optimizer: optimizers.Optimizer, weights: readonly Variable[]): unknown {
  return {
    built: optimizer.built,
    iterations: optimizer.iterations,
    rate: optimizer.learning_rate,
    scale: optimizer.scaleLoss(1),
    config: optimizer.getConfig(),
    values: [...weights, ...optimizer.variables].map(({ value }) => [...value.data]),
  };
}
