import { expected } from "../errors/messages.js";
import type { NativeArray } from "../native/binding.js";
import { native } from "../native/load.js";
import { FLOAT32 } from "../options/options.js";
import { roundedLike } from "./clipping.js";
import { type OptimizerOptions, optimizerOptions, readSettings } from "./optimizer_settings.js";
import { type Step, UpdateOptimizer } from "./update_optimizer.js";

/** The arguments of `Adam`. `learning_rate` is 0.001 by default. */
export interface AdamOptions extends OptimizerOptions {
  /** The factor of the running mean of gradients, from 0 to below 1; 0.9 by default. */
  beta_1?: number | undefined;
  /** The factor of the running mean of squared gradients, from 0 to below 1; 0.999 by default. */
  beta_2?: number | undefined;
  /** The number added to the divisor, at least 0; 1e-7 by default. */
  epsilon?: number | undefined;
  /** Whether to divide by the greatest mean of squared gradients so far; false by default. */
  amsgrad?: boolean | undefined;
}

/** The arguments of `AdamW`. `weight_decay` may not be `null`. */
export interface AdamWOptions extends AdamOptions {
  /** The fraction of themselves, times the learning rate, that weights lose before each update; 0.004 by default. */
  weight_decay?: number | undefined;
}

/** The update rule that `Adam` and `AdamW` share. */
abstract class AdamRule extends UpdateOptimizer {
  /** The factor of the running mean of gradients. */
  readonly beta_1: number;
  /** The factor of the running mean of squared gradients. */
  readonly beta_2: number;
  /** The number added to the divisor. */
  readonly epsilon: number;
  /** Whether the divisor is the greatest mean of squared gradients so far. */
  readonly amsgrad: boolean;

  /** `weightDecay` is the default of `weight_decay`. Throws `ERR_ARGUMENT` for bad arguments. */
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
    // Everything is computed in the weights' precision, as in Keras: the corrections are differences of numbers near 1.
    // Keras casts the betas through float32, for float64 weights too.
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

/** Updates by running means of gradients and of their squares (`keras.optimizers.Adam`). */
export class Adam extends AdamRule {
  static override readonly className: string = "Adam";

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(options: AdamOptions = {}) {
    super("Adam", options, null);
  }
}

/** Adam with weight decay (`keras.optimizers.AdamW`). */
export class AdamW extends AdamRule {
  static override readonly className: string = "AdamW";

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(options: AdamWOptions = {}) {
    super("AdamW", options, 0.004);
    if (this.weight_decay === null) throw expected("ERR_ARGUMENT", "weight_decay", "a number", null);
  }
}
