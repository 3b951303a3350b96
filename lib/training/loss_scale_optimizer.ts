import { expected } from "../errors/messages.js";
import { autoName } from "../keras/auto_name.js";
import type { SerializedLike } from "../keras/serialization.js";
import { FLOAT32, Options } from "../options/options.js";
import type { Variable } from "../variables/variable.js";
import { Optimizer, setNumbers, stateOf, type VariableGradient } from "./optimizer.js";
import type { OptimizerState } from "./optimizer_state.js";
import type { LearningRateSchedule } from "./schedule.js";
import { readLoss } from "./settings.js";
import { applyScaled, type UpdateOptimizer } from "./update_optimizer.js";
import { getUpdateOptimizer } from "./update_optimizers.js";

/** What `LossScaleOptimizer` takes. */
export interface LossScaleOptimizerOptions {
  /** The one that updates; its `loss_scale_factor` becomes `null`. */
  inner_optimizer: Optimizer | SerializedLike;
  /** The first scale. Default 2^15. */
  initial_scale?: number | undefined;
  /** After how many updates with finite gradients in a row the scale doubles. Default 2000. */
  dynamic_growth_steps?: number | undefined;
  name?: string | null | undefined;
}

/** The next would be infinite in float32. */
const GREATEST_SCALE = 2 ** 127;

const NAMES = ["inner_optimizer", "initial_scale", "dynamic_growth_steps", "name"];

/**
 * An optimizer around another that keeps the gradients of 16-bit layers in range (`keras.optimizers.LossScaleOptimizer`):
 * scale the loss by `scaleLoss`, and `apply` divides the gradients by as much. Where one of them is not finite the update is
 * skipped and the scale halved; after `dynamic_growth_steps` updates without that it doubles.
 */
export class LossScaleOptimizer extends Optimizer {
  static override readonly className: string = "LossScaleOptimizer";

  readonly name: string;
  readonly inner_optimizer: UpdateOptimizer;
  readonly initial_scale: number;
  readonly dynamic_growth_steps: number;
  #scale: number;
  #steps = 0;

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

  /** What `scaleLoss` multiplies by, and the next `apply` divides by. */
  get dynamic_scale(): number {
    return this.#scale;
  }

  /** Updates with finite gradients since the scale last changed. */
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

  /** Those of the inner optimizer. */
  override get variables(): Variable[] {
    return this.inner_optimizer.variables;
  }

  override build(variables: readonly Variable[]): void {
    this.inner_optimizer.build(variables);
  }

  /**
   * As the inner optimizer's, with gradients of the scaled loss. Gradients that are not finite are no error here: the update
   * is skipped.
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

  protected override state(): OptimizerState {
    const { numbers, variables } = stateOf(this.inner_optimizer);
    const own = new Map(numbers);
    own.set("dynamic_scale", this.#scale).set("step_counter", this.#steps);
    return { numbers: own, variables };
  }

  protected override setNumbers(numbers: ReadonlyMap<string, number>): void {
    setNumbers(this.inner_optimizer, numbers);
    this.#scale = numbers.get("dynamic_scale") ?? this.#scale;
    this.#steps = numbers.get("step_counter") ?? this.#steps;
  }
}
