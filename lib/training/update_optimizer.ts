import { constrain } from "../arguments/user_code.js";
import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { unreadable } from "../errors/reading.js";
import type { NativeArray } from "../native/binding.js";
import { native } from "../native/load.js";
import {
  peekVariableData,
  replaceVariableData,
  requireWritable,
  type Variable,
  variableChanged,
  variableData,
  whileLocked,
} from "../variables/variable.js";
import { type BuiltVariables, buildVariables, readNewVariables } from "./built_variables.js";
import { isFiniteGradient } from "./clipping.js";
import { type GradientPair, readExclusion, readPairs, readVariables, requireReady } from "./gradient_pairs.js";
import { GradientPreparation, readArray } from "./gradient_preparation.js";
import { LearningRateSchedule } from "./learning_rate_schedule.js";
import { Optimizer, type VariableGradient } from "./optimizer.js";
import { type OptimizerSettings, readLearningRate, readLoss } from "./optimizer_settings.js";
import type { OptimizerState } from "./optimizer_state.js";
import { changeInPlace, updateInPlace } from "./slot_variables.js";

/** The numbers of one update. */
export interface Step {
  /** The learning rate of this update. */
  readonly learningRate: number;
  /** The number of this update, counted from 1. */
  readonly number: number;
}

/**
 * Updates as `apply` does, with gradients that are `scale` times too large. Returns false and updates nothing when one
 * of them is not finite. The optimizer is then built nevertheless.
 */
export let applyScaled: (optimizer: UpdateOptimizer, gradients: unknown, variables: unknown, scale: number) => boolean;

/**
 * The base class of the optimizers that have an update rule for one variable. Scaling, accumulation, clipping, averages
 * and constraints are the same for all rules and are done here.
 */
export abstract class UpdateOptimizer extends Optimizer {
  static {
    applyScaled = (optimizer, gradients, variables, scale) => optimizer.#apply(gradients, variables, scale, true);
  }

  readonly name: string;
  /** The factor of `scaleLoss`, or `null` for 1. A `LossScaleOptimizer` around this optimizer sets it to `null`. */
  loss_scale_factor: number | null;
  /** The fraction of themselves, times the learning rate, that weights lose before each update, or `null`. */
  readonly weight_decay: number | null;
  /** The greatest L2 norm of each gradient, or `null`. */
  readonly clipnorm: number | null;
  /** The greatest absolute value of each element of a gradient, or `null`. */
  readonly clipvalue: number | null;
  /** The greatest L2 norm of all gradients together, or `null`. */
  readonly global_clipnorm: number | null;
  /** Whether a moving average of the weights is kept. */
  readonly use_ema: boolean;
  /** The factor of the moving average. */
  readonly ema_momentum: number;
  /** The number of updates after which the weights are each time set to their averages, or `null`. */
  readonly ema_overwrite_frequency: number | null;
  /** The number of gradients whose mean makes one update, or `null` for one. */
  readonly gradient_accumulation_steps: number | null;
  #learningRate: number | LearningRateSchedule;
  /** The number of calls of `apply`, which are updates unless gradients are accumulated. */
  #calls = 0;
  #built: BuiltVariables | null = null;
  /** True while `apply` or `build` reads its arguments. */
  #busy = false;
  /** True for a variable that is excluded from weight decay. */
  #undecayed: (variable: Variable) => boolean = () => false;
  readonly #preparation: GradientPreparation;

  /** `settings` are the arguments that all optimizers share, after reading. */
  constructor(settings: OptimizerSettings) {
    super();
    this.name = settings.name;
    this.loss_scale_factor = settings.loss_scale_factor;
    this.weight_decay = settings.weight_decay;
    this.clipnorm = settings.clipnorm;
    this.clipvalue = settings.clipvalue;
    this.global_clipnorm = settings.global_clipnorm;
    this.use_ema = settings.use_ema;
    this.ema_momentum = settings.ema_momentum;
    this.ema_overwrite_frequency = settings.ema_overwrite_frequency;
    this.gradient_accumulation_steps = settings.gradient_accumulation_steps;
    this.#learningRate = settings.learning_rate;
    this.#preparation = new GradientPreparation(settings);
  }

  /** Returns the kinds of slots that the rule needs, in the groups that `SlotVariables` takes. */
  protected abstract slotKinds(): string[][];

  /**
   * Updates `weights` and the rule's slots in place. `slot` returns the slot of one kind, or `null` when there is none.
   */
  protected abstract updateStep(
    weights: NativeArray,
    gradient: NativeArray,
    slot: (kind: string) => NativeArray | null,
    step: Step,
  ): void;

  override get built(): boolean {
    return this.#built !== null;
  }

  override get iterations(): number {
    return Math.floor(this.#calls / (this.gradient_accumulation_steps ?? 1));
  }

  override get learning_rate(): number {
    const rate = this.#learningRate;
    if (typeof rate === "number") return rate;
    const current: unknown = rate.at(this.#calls);
    if (typeof current === "number" && Number.isFinite(current)) return Math.fround(current);
    throw expected(
      "ERR_ARGUMENT",
      "learning_rate",
      `a finite number from the schedule at step ${this.#calls}`,
      current,
    );
  }

  override set learning_rate(value: number | LearningRateSchedule) {
    const read = readLearningRate(value);
    if (typeof read === "number" && typeof this.#learningRate !== "number") {
      const what = "another schedule (the optimizer was made with one)";
      throw expected("ERR_ARGUMENT", "learning_rate", what, value);
    }
    this.#learningRate = read;
  }

  override get variables(): Variable[] {
    return this.#built === null ? [] : [...this.#built.slots.variables];
  }

  /**
   * Excludes variables from `weight_decay`: these, and those whose path contains one of `names` (`["bias"]`). Each call
   * replaces the exclusions of the one before.
   *
   * Throws `ERR_STATE` when the optimizer is built, `ERR_ARGUMENT` for bad arguments, and `ERR_DISPOSED` for variables
   * of a disposed layer.
   */
  excludeFromWeightDecay(excluded: {
    /** The variables to exclude. */
    variables?: readonly Variable[];
    /** Parts of the paths of variables to exclude. */
    names?: readonly string[];
  }): void {
    if (this.#built !== null) {
      const what = "an optimizer that is not built yet";
      throw expectedText("ERR_STATE", "excludeFromWeightDecay", what, "one that is");
    }
    try {
      this.#undecayed = readExclusion(excluded);
    } catch (error) {
      throw unreadable(error, "excludeFromWeightDecay");
    }
  }

  override build(variables: readonly Variable[]): void {
    this.#exclusively("build", () => {
      try {
        this.#built ??= this.#buildVariables(readNewVariables(variables, "build"));
      } catch (error) {
        throw unreadable(error, "build");
      }
    });
  }

  /**
   * Runs `work`, which reads the caller's arguments. Getters and schedules among them may not change the optimizer
   * meanwhile.
   */
  #exclusively<T>(method: string, work: () => T): T {
    if (this.#busy) {
      const received = "a call from an argument or a schedule of another `apply` or `build`";
      throw expectedText("ERR_STATE", method, "an optimizer that is not being used", received);
    }
    this.#busy = true;
    try {
      return work();
    } finally {
      this.#busy = false;
    }
  }

  #buildVariables(variables: readonly Variable[]): BuiltVariables {
    const own = this.use_ema ? [["average"]] : [];
    if (this.gradient_accumulation_steps !== null) own.push(["gradient_accumulator"]);
    return buildVariables(this.name, variables, [...own, ...this.slotKinds()]);
  }

  override apply(gradients: readonly VariableGradient[], variables?: readonly Variable[] | null): void {
    this.#apply(gradients, variables, this.loss_scale_factor ?? 1, false);
  }

  #apply(gradients: unknown, given: unknown, scale: number, skipInfinite: boolean): boolean {
    return this.#exclusively("apply", () => {
      const { pairs, built, learningRate } = this.#read(gradients, given);
      if (pairs.length === 0) return true;
      // Reading the arguments may have run the caller's code. From here on none runs until the weights have changed.
      requireReady(pairs);
      if (this.use_ema) for (const variable of built.variables) requireWritable(variable, "apply");
      const finite = !skipInfinite || pairs.every(({ gradient }) => isFiniteGradient(gradient, false));
      const preparation = {
        scale,
        due: this.#isDue(),
        steps: this.gradient_accumulation_steps,
        accumulated: (index: number) => built.slots.find("gradient_accumulator", index) as Variable,
      };
      const prepared = finite ? this.#preparation.prepare(pairs, preparation) : [];
      const before = this.#built;
      this.#built = built;
      try {
        if (finite) this.#update(prepared, learningRate);
      } catch (error) {
        this.#built = before;
        throw error;
      }
      return finite;
    });
  }

  #read(gradients: unknown, given: unknown): { pairs: GradientPair[]; built: BuiltVariables; learningRate: number } {
    let variables: readonly Variable[];
    let pairs: GradientPair[];
    let built = this.#built;
    try {
      variables = this.#targets(given);
      built ??= this.#buildVariables(variables);
      const { indices } = built;
      pairs = readPairs(gradients, variables, (variable) => indices.get(variable) as number);
    } catch (error) {
      throw unreadable(error, "apply");
    }
    return { pairs, built, learningRate: pairs.length === 0 ? 0 : this.learning_rate };
  }

  #targets(given: unknown): readonly Variable[] {
    if (given === undefined || given === null) {
      if (this.#built === null) throw notBuilt("apply", "variables");
      return readVariables(this.#built.variables, "apply");
    }
    if (this.#built === null) return readNewVariables(given, "apply");
    const variables = readVariables(given, "apply");
    const unknown = variables.find((variable) => !this.#built?.indices.has(variable));
    if (unknown === undefined) return variables;
    const received = `"${unknown.path}", which is none of them; make another optimizer for it`;
    throw expectedText("ERR_ARGUMENT", "variables", "variables that the optimizer was built for", received);
  }

  /** True when this call of `apply` updates the weights instead of only accumulating gradients. */
  #isDue(): boolean {
    return this.gradient_accumulation_steps === null || (this.#calls + 1) % this.gradient_accumulation_steps === 0;
  }

  #slot(kind: string, index: number): Variable {
    return this.#built?.slots.find(kind, index) as Variable;
  }

  /** Makes every change of an update. When a constraint of the user's throws, all of them are undone. */
  #update(pairs: readonly GradientPair[], learningRate: number): void {
    const built = this.#built;
    if (built === null) return;
    const constrained = pairs.some(({ variable }) => variable.constraint !== null);
    const touched = constrained ? [...built.variables, ...built.slots.variables] : [];
    const before = touched.map((variable) => [variable, variableData(variable)] as const);
    try {
      if (this.#isDue()) this.#step(pairs, learningRate);
      else this.#accumulate(pairs);
      if (this.use_ema) this.#average(built.variables);
      for (const { variable } of pairs) {
        const { constraint, shape, path } = variable;
        if (constraint === null) continue;
        changeInPlace(variable, (values) => whileLocked(variable, () => constrain(constraint, values, shape, path)));
      }
    } catch (error) {
      for (const [variable, data] of before) {
        replaceVariableData(variable, data);
        variableChanged(variable);
      }
      throw error;
    }
    this.#calls += 1;
  }

  #step(pairs: readonly GradientPair[], learningRate: number): void {
    const kinds = this.slotKinds().flat();
    const step = { learningRate, number: this.iterations + 1 };
    for (const { variable, gradient, index } of pairs) {
      const slots = kinds.map((kind) => this.#slot(kind, index));
      updateInPlace([variable, ...slots], (weights, ...values) => {
        if (this.weight_decay !== null && !this.#undecayed(variable)) {
          // Keras casts the decay through float32, for float64 weights too.
          native().decayWeights(weights, Math.fround(this.weight_decay), learningRate);
        }
        const slot = (kind: string) => values[kinds.indexOf(kind)] ?? null;
        this.updateStep(weights, gradient, slot, step);
      });
    }
    if (this.gradient_accumulation_steps === null) return;
    for (const index of this.#built?.variables.keys() ?? []) {
      updateInPlace([this.#slot("gradient_accumulator", index)], (sum) => sum.fill(0));
    }
  }

  #accumulate(pairs: readonly GradientPair[]): void {
    for (const { gradient, index } of pairs) {
      updateInPlace([this.#slot("gradient_accumulator", index)], (sum) => native().addAndDivide(sum, gradient, sum, 1));
    }
  }

  #average(variables: readonly Variable[]): void {
    // The first average is the weights themselves.
    const momentum = this.iterations === 0 ? 0 : this.ema_momentum;
    for (const [index, variable] of variables.entries()) {
      updateInPlace([this.#slot("average", index)], (average) =>
        native().updateAverage(average, readArray(variable), momentum),
      );
    }
    const every = this.ema_overwrite_frequency;
    if (every !== null && (this.iterations + 1) % every === 0) this.#overwrite(variables);
  }

  #overwrite(variables: readonly Variable[]): void {
    for (const [index, variable] of variables.entries()) {
      replaceVariableData(variable, peekVariableData(this.#slot("average", index)).slice());
      variableChanged(variable);
    }
  }

  override finalizeVariableValues(variables: readonly Variable[]): void {
    if (!this.use_ema) return;
    if (this.#built === null) throw notBuilt("finalizeVariableValues", "variables");
    const given = readVariables(variables, "finalizeVariableValues");
    const known = this.#built.variables;
    if (given.length !== known.length || given.some((variable, index) => variable !== known[index])) {
      const what = "the variables that the optimizer was built for, in their order,";
      throw expectedText("ERR_ARGUMENT", "variables", what, `${given.length} others`);
    }
    this.#overwrite(known);
  }

  override scaleLoss(loss: number): number {
    return readLoss(loss) * (this.loss_scale_factor ?? 1);
  }

  override getConfig(): Record<string, unknown> {
    const rate = this.#learningRate;
    return {
      name: this.name,
      learning_rate: rate instanceof LearningRateSchedule ? rate.serialize() : rate,
      weight_decay: this.weight_decay,
      clipnorm: this.clipnorm,
      global_clipnorm: this.global_clipnorm,
      clipvalue: this.clipvalue,
      use_ema: this.use_ema,
      ema_momentum: this.ema_momentum,
      ema_overwrite_frequency: this.ema_overwrite_frequency,
      loss_scale_factor: this.loss_scale_factor,
      gradient_accumulation_steps: this.gradient_accumulation_steps,
    };
  }

  /** @internal */
  protected override state(): OptimizerState {
    if (this.#built === null) throw notBuilt("save and load", "variables");
    const numbers = new Map([["iteration", this.#calls]]);
    if (typeof this.#learningRate === "number") numbers.set("learning_rate", this.#learningRate);
    return { numbers, variables: this.#built.slots.named() };
  }

  /** @internal */
  protected override setNumbers(numbers: ReadonlyMap<string, number>): void {
    this.#calls = numbers.get("iteration") ?? this.#calls;
    const rate = numbers.get("learning_rate");
    if (rate !== undefined) this.#learningRate = rate;
  }
}

function notBuilt(method: string, what: string): GRUError {
  return expectedText("ERR_NOT_BUILT", method, "a built optimizer", `one that knows no ${what}`, {
    remedy: "Call build(variables) first.",
  });
}
