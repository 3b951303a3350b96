import type { NativeArray } from "../native/arrays.js";
import { native } from "../native/load.js";
import { type OptimizerOptions, optimizerOptions, readSettings } from "./optimizer_settings.js";
import { type Step, UpdateOptimizer } from "./update_optimizer.js";

/** The arguments of `SGD`. `learning_rate` is 0.01 by default. */
export interface SGDOptions extends OptimizerOptions {
  /** The momentum, 0 to 1; 0 by default, which means none. */
  momentum?: number | undefined;
  /** Whether to use Nesterov's momentum; false by default. */
  nesterov?: boolean | undefined;
}

/** Gradient descent, with or without momentum (`keras.optimizers.SGD`). */
export class SGD extends UpdateOptimizer {
  static override readonly className: string = "SGD";

  /** The momentum; 0 means none. */
  readonly momentum: number;
  /** Whether the momentum is Nesterov's. */
  readonly nesterov: boolean;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(options: SGDOptions = {}) {
    const read = optimizerOptions("SGD", options, ["momentum", "nesterov"]);
    super(readSettings(read, "SGD", 0.01));
    this.momentum = read.number("momentum", 0, { min: 0, max: 1 });
    this.nesterov = read.boolean("nesterov", false);
  }

  protected override slotKinds(): string[][] {
    return this.momentum === 0 ? [] : [["momentum"]];
  }

  protected override updateStep(
    weights: NativeArray,
    gradient: NativeArray,
    slot: (kind: string) => NativeArray | null,
    { learningRate }: Step,
  ): void {
    // Keras casts the momentum through float32, for float64 weights too.
    const momentum = Math.fround(this.momentum);
    native().updateSgd(weights, slot("momentum"), gradient, learningRate, momentum, this.nesterov ? 1 : 0);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), momentum: this.momentum, nesterov: this.nesterov };
  }
}
