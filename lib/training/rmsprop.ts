import type { NativeArray } from "../native/binding.js";
import { native } from "../native/load.js";
import { FLOAT32 } from "../options/options.js";
import { type OptimizerOptions, optimizerOptions, readSettings } from "./optimizer_settings.js";
import { type Step, UpdateOptimizer } from "./update_optimizer.js";

/** The arguments of `RMSprop`. `learning_rate` is 0.001 by default. */
export interface RMSpropOptions extends OptimizerOptions {
  /** The factor of the running mean of squared gradients, 0 to 1; 0.9 by default. */
  rho?: number | undefined;
  /** The momentum, at least 0; 0 by default, which means none. */
  momentum?: number | undefined;
  /** The number added to the divisor, at least 0; 1e-7 by default. */
  epsilon?: number | undefined;
  /** Whether gradients are divided by an estimate of their variance instead of their mean square; false by default. */
  centered?: boolean | undefined;
}

/** Divides gradients by the root of the running mean of their squares (`keras.optimizers.RMSprop`). */
export class RMSprop extends UpdateOptimizer {
  static override readonly className: string = "RMSprop";

  /** The factor of the running mean of squared gradients. */
  readonly rho: number;
  /** The momentum; 0 means none. */
  readonly momentum: number;
  /** The number added to the divisor. */
  readonly epsilon: number;
  /** Whether gradients are divided by an estimate of their variance. */
  readonly centered: boolean;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(options: RMSpropOptions = {}) {
    const read = optimizerOptions("RMSprop", options, ["rho", "momentum", "epsilon", "centered"]);
    super(readSettings(read, "RMSprop", 0.001));
    this.rho = read.number("rho", 0.9, { min: 0, max: 1 });
    this.momentum = read.number("momentum", 0, { ...FLOAT32, min: 0 });
    this.epsilon = read.number("epsilon", 1e-7, { ...FLOAT32, min: 0 });
    this.centered = read.boolean("centered", false);
  }

  protected override slotKinds(): string[][] {
    const kinds = [["velocity"]];
    if (this.momentum > 0) kinds.push(["momentum"]);
    if (this.centered) kinds.push(["average_gradient"]);
    return kinds;
  }

  protected override updateStep(
    weights: NativeArray,
    gradient: NativeArray,
    slot: (kind: string) => NativeArray | null,
    { learningRate }: Step,
  ): void {
    native().updateRmsprop(
      weights,
      slot("velocity") as NativeArray,
      slot("momentum"),
      slot("average_gradient"),
      gradient,
      learningRate,
      this.rho,
      1 - this.rho,
      this.momentum,
      this.epsilon,
    );
  }

  override getConfig(): Record<string, unknown> {
    const { rho, momentum, epsilon, centered } = this;
    return { ...super.getConfig(), rho, momentum, epsilon, centered };
  }
}
