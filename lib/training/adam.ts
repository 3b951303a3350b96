import { expected } from "../errors/messages.js";
import type { NativeArray } from "../native/binding.js";
import { native } from "../native/load.js";
import { FLOAT32 } from "../options/options.js";
import { roundedLike } from "./clipping.js";
import { type OptimizerOptions, optimizerOptions, readSettings } from "./settings.js";
import { type Step, UpdateOptimizer } from "./update_optimizer.js";

/** What `Adam` takes; `learning_rate` is 0.001 by default. */
export interface AdamOptions extends OptimizerOptions {
  /** Of the mean of gradients, from 0 to below 1. Default 0.9. */
  beta_1?: number | undefined;
  /** Of the mean of squared gradients, from 0 to below 1. Default 0.999. */
  beta_2?: number | undefined;
  /** Default 1e-7. */
  epsilon?: number | undefined;
  /** Whether to divide by the greatest mean of squared gradients so far. Default false. */
  amsgrad?: boolean | undefined;
}

/** What `AdamW` takes: `weight_decay` is 0.004 by default and may not be `null`. */
export interface AdamWOptions extends AdamOptions {
  weight_decay?: number | undefined;
}

abstract class AdamRule extends UpdateOptimizer {
  readonly beta_1: number;
  readonly beta_2: number;
  readonly epsilon: number;
  readonly amsgrad: boolean;

  protected constructor(className: string, options: AdamOptions, weightDecay: number | null) {
    const read = optimizerOptions(className, options, ["beta_1", "beta_2", "epsilon", "amsgrad"]);
    super(readSettings(read, className, 0.001, weightDecay));
    this.beta_1 = read.number("beta_1", 0.9, { min: 0, below: 1 });
    this.beta_2 = read.number("beta_2", 0.999, { min: 0, below: 1 });
    this.epsilon = read.number("epsilon", 1e-7, { ...FLOAT32, min: 0 });
    this.amsgrad = read.boolean("amsgrad", false);
  }

  protected override slotKinds(): string[][] {
    const kinds = [["momentum", "velocity"]];
    if (this.amsgrad) kinds.push(["velocity_hat"]);
    return kinds;
  }

  protected override updateStep(
    weights: NativeArray,
    gradient: NativeArray,
    slot: (kind: string) => NativeArray | null,
    { learningRate, number }: Step,
  ): void {
    // In the weights' precision throughout, as Keras: the corrections are differences of numbers near 1. Keras casts the betas
    // by way of float32, for float64 weights too.
    const r = (value: number) => roundedLike(weights, value);
    const correction1 = r(1 - r(Math.fround(this.beta_1) ** number));
    const correction2 = r(1 - r(Math.fround(this.beta_2) ** number));
    const alpha = r(r(learningRate * r(Math.sqrt(correction2))) / correction1);
    native().updateAdam(
      weights,
      slot("momentum") as NativeArray,
      slot("velocity") as NativeArray,
      slot("velocity_hat"),
      gradient,
      alpha,
      1 - this.beta_1,
      1 - this.beta_2,
      this.epsilon,
    );
  }

  override getConfig(): Record<string, unknown> {
    const { beta_1, beta_2, epsilon, amsgrad } = this;
    return { ...super.getConfig(), beta_1, beta_2, epsilon, amsgrad };
  }
}

/** Adaptive moments, with `amsgrad` as a choice (`keras.optimizers.Adam`). */
export class Adam extends AdamRule {
  static override readonly className: string = "Adam";

  constructor(options: AdamOptions = {}) {
    super("Adam", options, null);
  }
}

/** Adam with weight decay (`keras.optimizers.AdamW`). */
export class AdamW extends AdamRule {
  static override readonly className: string = "AdamW";

  constructor(options: AdamWOptions = {}) {
    super("AdamW", options, 0.004);
    if (this.weight_decay === null) throw expected("ERR_ARGUMENT", "weight_decay", "a number", null);
  }
}
