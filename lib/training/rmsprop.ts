import type { NativeArray } from "../native/binding.js";
import { native } from "../native/load.js";
import { FLOAT32 } from "../options/options.js";
import { type OptimizerOptions, optimizerOptions, readSettings } from "./settings.js";
import { type Step, UpdateOptimizer } from "./update_optimizer.js";

/** What `RMSprop` takes; `learning_rate` is 0.001 by default. */
export interface RMSpropOptions extends OptimizerOptions {
  /** Of the mean of squared gradients, 0 to 1. Default 0.9. */
  rho?: number | undefined;
  /** Default 0: none. */
  momentum?: number | undefined;
  /** Default 1e-7. */
  epsilon?: number | undefined;
  /** Whether gradients are divided by an estimate of their variance, not of their square. Default false. */
  centered?: boolean | undefined;
}

/** Gradients divided by the root of the mean of their squares (`keras.optimizers.RMSprop`). */
export class RMSprop extends UpdateOptimizer {
  static override readonly className: string = "RMSprop";

  readonly rho: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly centered: boolean;

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
