import { expected } from "../errors/messages.js";
import { autoName } from "../keras/auto_name.js";
import type { SerializedLike } from "../keras/serialization.js";
import { FLOAT32, Options } from "../options/options.js";
import type { Variable } from "../variables/variable.js";
import { getUpdateOptimizer } from "./known_optimizers.js";
import type { LearningRateSchedule } from "./learning_rate_schedule.js";
import { Optimizer, setNumbers, stateOf, type VariableGradient } from "./optimizer.js";
import { readLoss } from "./optimizer_settings.js";
import type { OptimizerState } from "./optimizer_state.js";
import { applyScaled, type UpdateOptimizer } from "./update_optimizer.js";

/** The arguments of `LossScaleOptimizer`. */
export interface LossScaleOptimizerOptions {
  /** The optimizer that updates the variables. Its `loss_scale_factor` becomes `null`. */
  inner_optimizer: Optimizer | SerializedLike;
  /** The first scale, above 0; 2^15 by default. */
  initial_scale?: number | undefined;
  /** The number of consecutive updates with finite gradients after which the scale doubles; 2000 by default. */
  dynamic_growth_steps?: number | undefined;
  /** Keras's name of the optimizer; `loss_scale_optimizer`, counted, by default. */
  name?: string | null | undefined;
}

/** The greatest scale. Twice as much would be infinite in float32. */
const GREATEST_SCALE = 2 ** 127;

const NAMES = ["inner_optimizer", "initial_scale", "dynamic_growth_steps", "name"];

/**
 * An optimizer around another one that keeps the gradients of 16-bit layers in range
 * (`keras.optimizers.LossScaleOptimizer`). Multiply the loss by the scale with `scaleLoss`, and `apply` divides the
 * gradients by it. When a gradient is not finite, `apply` skips the update and halves the scale. After
 * `dynamic_growth_steps` updates with finite gradients it doubles the scale.
 */
export class LossScaleOptimizer extends Optimizer {
  static override readonly className: string = "LossScaleOptimizer";

  readonly name: string;
  /** The optimizer that updates the variables. */
  readonly inner_optimizer: UpdateOptimizer;
  /** The first scale. */
  readonly initial_scale: number;
  /** The number of consecutive updates with finite gradients after which the scale doubles. */
  readonly dynamic_growth_steps: number;
  #scale: number;
  #steps = 0;

  /** Throws `ERR_ARGUMENT` for bad arguments, and for an inner optimizer that is a `LossScaleOptimizer`. */
  constructor(options: LossScaleOptimizerOptions) {
    super();
    const read = new Options("LossScaleOptimizer", options, NAMES);
    const given = read.raw("inner_optimizer", undefined);
    const inner = getUpdateOptimizer(given, "inner_optimizer");
    if (inner === null) throw expected("ERR_ARGUMENT", "inner_optimizer", "an optimizer", given);
    this.initial_scale = read.number("initial_scale", 2 ** 15, { ...FLOAT32, above: 0 });
    this.dynamic_growth_steps = read.integer("dynamic_growth_steps", 2000, 1);
    this.name = read.nullableString("name") ?? autoName("loss_scale_optimizer");
    this.inner_optimizer = inner;
    this.#scale = Math.fround(this.initial_scale);
    inner.loss_scale_factor = null;
  }

  /** The current scale: the factor of `scaleLoss`, and the divisor of the next `apply`. */
  get dynamic_scale(): number {
    return this.#scale;
  }

  /** The number of updates with finite gradients since the scale last changed. */
  get step_counter(): number {
    return this.#steps;
  }

  override get built(): boolean {
    return this.inner_optimizer.built;
  }

  override get iterations(): number {
    return this.inner_optimizer.iterations;
  }

  override get learning_rate(): number {
    return this.inner_optimizer.learning_rate;
  }

  override set learning_rate(value: number | LearningRateSchedule) {
    this.inner_optimizer.learning_rate = value;
  }

  /** The variables of the inner optimizer. */
  override get variables(): Variable[] {
    return this.inner_optimizer.variables;
  }

  override build(variables: readonly Variable[]): void {
    this.inner_optimizer.build(variables);
  }

  /**
   * Updates as the inner optimizer does, with gradients of the scaled loss. Gradients that are not finite are no error
   * here: `apply` skips the update.
   */
  override apply(gradients: readonly VariableGradient[], variables?: readonly Variable[] | null): void {
    if (!applyScaled(this.inner_optimizer, gradients, variables, this.#scale)) {
      this.#steps = 0;
      this.#scale = Math.fround(this.#scale / 2);
    } else if (this.#steps === this.dynamic_growth_steps - 1) {
      this.#steps = 0;
      this.#scale = Math.min(this.#scale * 2, GREATEST_SCALE);
    } else {
      this.#steps += 1;
    }
  }

  override scaleLoss(loss: number): number {
    return readLoss(loss) * this.#scale;
  }

  override finalizeVariableValues(variables: readonly Variable[]): void {
    this.inner_optimizer.finalizeVariableValues(variables);
  }

  override getConfig(): Record<string, unknown> {
    const { name, initial_scale, dynamic_growth_steps } = this;
    return { name, inner_optimizer: this.inner_optimizer.serialize(), initial_scale, dynamic_growth_steps };
  }

  /** @internal */
  protected override state(): OptimizerState {
    const { numbers, variables } = stateOf(this.inner_optimizer);
    const own = new Map(numbers);
    own.set("dynamic_scale", this.#scale).set("step_counter", this.#steps);
    return { numbers: own, variables };
  }

  /** @internal */
  protected override setNumbers(numbers: ReadonlyMap<string, number>): void {
    setNumbers(this.inner_optimizer, numbers);
    this.#scale = numbers.get("dynamic_scale") ?? this.#scale;
    this.#steps = numbers.get("step_counter") ?? this.#steps;
  }
}
