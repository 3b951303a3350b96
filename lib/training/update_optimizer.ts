import { kernelArray } from "../arguments/convert.js";
import { lengthOf } from "../arguments/intrinsics.js";
import { constrain } from "../arguments/lent.js";
import { allocate } from "../arguments/memory.js";
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
import { type Built, builtFor, readNewVariables } from "./built.js";
import { clipGradients, isFiniteGradient, requireFinite } from "./clipping.js";
import { Optimizer, type VariableGradient } from "./optimizer.js";
import type { OptimizerState } from "./optimizer_state.js";
import { type Pair, readExclusion, readPairs, readVariables, requireReady } from "./pairs.js";
import { LearningRateSchedule } from "./schedule.js";
import { type OptimizerSettings, readLearningRate, readLoss } from "./settings.js";
import { update } from "./slots.js";

/** Numbers of one update. */
export interface Step {
  readonly learningRate: number;
  /** The number of this update, from 1. */
  readonly number: number;
}

/**
 * As `apply`, with gradients that are `scale` times too large. False, with nothing updated, where one of them is not
 * finite; the optimizer is then built all the same.
 */
export let applyScaled: (optimizer: UpdateOptimizer, gradients: unknown, variables: unknown, scale: number) => boolean;

/** The optimizers that have a rule of their own for one variable; everything around it is here. */
export abstract class UpdateOptimizer extends Optimizer {
  static {
    applyScaled = (optimizer, gradients, variables, scale) => optimizer.#apply(gradients, variables, scale, true);
  }

  readonly name: string;
  /** What `scaleLoss` multiplies by. A `LossScaleOptimizer` around this one sets it to `null`. */
  loss_scale_factor: number | null;
  readonly weight_decay: number | null;
  readonly clipnorm: number | null;
  readonly clipvalue: number | null;
  readonly global_clipnorm: number | null;
  readonly use_ema: boolean;
  readonly ema_momentum: number;
  readonly ema_overwrite_frequency: number | null;
  readonly gradient_accumulation_steps: number | null;
  #learningRate: number | LearningRateSchedule;
  /** Calls of `apply`, which are updates unless gradients are accumulated. */
  #calls = 0;
  #built: Built | null = null;
  /** Whether `apply` or `build` is reading its arguments. */
  #busy = false;
  /** Whether a variable is left out of the weight decay. */
  #undecayed: (variable: Variable) => boolean = () => false;
  /** Gradients after scaling and clipping, by variable. */
  readonly #scratch = new Map<number, NativeArray>();

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
  }

  /** The kinds of variables that the rule keeps, as `Slots` takes them. */
  protected abstract slotKinds(): string[][];

  /** Updates `weights` and what the rule keeps, in place; `slot` gives what it keeps of one kind, `null` for none. */
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
   * Leaves variables out of `weight_decay`: these, and those whose path has one of `names` in it (`["bias"]`). Each call
   * replaces what was said before.
   *
   * Throws `ERR_STATE` when the optimizer is built, `ERR_ARGUMENT`, `ERR_DISPOSED`.
   */
  excludeFromWeightDecay(excluded: { variables?: readonly Variable[]; names?: readonly string[] }): void {
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
    this.#alone("build", () => {
      try {
        this.#built ??= this.#made(readNewVariables(variables, "build"));
      } catch (error) {
        throw unreadable(error, "build");
      }
    });
  }

  /**
   * Runs `work`, which reads arguments of the caller's: getters and schedules among them may not change the optimizer
   * meanwhile.
   */
  #alone<T>(method: string, work: () => T): T {
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

  #made(variables: readonly Variable[]): Built {
    const own = this.use_ema ? [["average"]] : [];
    if (this.gradient_accumulation_steps !== null) own.push(["gradient_accumulator"]);
    return builtFor(this.name, variables, [...own, ...this.slotKinds()]);
  }

  override apply(gradients: readonly VariableGradient[], variables?: readonly Variable[] | null): void {
    this.#apply(gradients, variables, this.loss_scale_factor ?? 1, false);
  }

  #apply(gradients: unknown, given: unknown, scale: number, skipInfinite: boolean): boolean {
    return this.#alone("apply", () => {
      const { pairs, built, learningRate } = this.#read(gradients, given);
      if (pairs.length === 0) return true;
      // Reading the arguments may have run code of the caller's; from here on none runs before the weights have changed.
      requireReady(pairs);
      if (this.use_ema) for (const variable of built.variables) requireWritable(variable, "apply");
      const finite = !skipInfinite || pairs.every(({ gradient }) => isFiniteGradient(gradient, false));
      const prepared = finite ? this.#prepare(pairs, scale, built) : [];
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

  #read(gradients: unknown, given: unknown): { pairs: Pair[]; built: Built; learningRate: number } {
    let variables: readonly Variable[];
    let pairs: Pair[];
    let built = this.#built;
    try {
      variables = this.#targets(given);
      built ??= this.#made(variables);
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

  /** Whether this call of `apply` updates the weights, and does not only accumulate gradients. */
  #isDue(): boolean {
    return this.gradient_accumulation_steps === null || (this.#calls + 1) % this.gradient_accumulation_steps === 0;
  }

  /** The gradients that the rule, or the accumulation, takes. Throws for those that are not finite; changes nothing. */
  #prepare(pairs: readonly Pair[], scale: number, { slots }: Built): readonly Pair[] {
    let prepared = pairs;
    if (scale !== 1) {
      prepared = pairs.map((pair) => {
        const out = this.#scratchFor(pair);
        native().rescale(out, pair.gradient, 1, scale);
        return { ...pair, gradient: out };
      });
    }
    requireFinite(prepared, this);
    if (!this.#isDue()) return prepared;
    const steps = this.gradient_accumulation_steps;
    if (steps !== null) {
      prepared = prepared.map((pair) => {
        const out = this.#scratchFor(pair);
        const sum = readArray(slots.find("gradient_accumulator", pair.index) as Variable);
        native().addAndDivide(out, pair.gradient, sum, steps);
        return { ...pair, gradient: out };
      });
      requireFinite(prepared, this);
    }
    return clipGradients(prepared, this, (pair) => this.#scratchFor(pair));
  }

  #scratchFor({ index, gradient }: Pair): NativeArray {
    const known = this.#scratch.get(index);
    if (known !== undefined) return known;
    const made = allocate(gradient instanceof Float32Array ? "float32" : "float64", lengthOf(gradient), "gradients");
    this.#scratch.set(index, made);
    return made;
  }

  #slot(kind: string, index: number): Variable {
    return this.#built?.slots.find(kind, index) as Variable;
  }

  /** Everything that changes something. What a constraint of the user's throws undoes it. */
  #update(pairs: readonly Pair[], learningRate: number): void {
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
        update([variable], (values) => whileLocked(variable, () => constrain(constraint, values, shape, path)));
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

  #step(pairs: readonly Pair[], learningRate: number): void {
    const kinds = this.slotKinds().flat();
    const step = { learningRate, number: this.iterations + 1 };
    for (const { variable, gradient, index } of pairs) {
      const slots = kinds.map((kind) => this.#slot(kind, index));
      update([variable, ...slots], (weights, ...values) => {
        if (this.weight_decay !== null && !this.#undecayed(variable)) {
          // By way of float32, as Keras casts it, for float64 weights too.
          native().decayWeights(weights, Math.fround(this.weight_decay), learningRate);
        }
        const slot = (kind: string) => values[kinds.indexOf(kind)] ?? null;
        this.updateStep(weights, gradient, slot, step);
      });
    }
    if (this.gradient_accumulation_steps === null) return;
    for (const index of this.#built?.variables.keys() ?? []) {
      update([this.#slot("gradient_accumulator", index)], (sum) => sum.fill(0));
    }
  }

  #accumulate(pairs: readonly Pair[]): void {
    for (const { gradient, index } of pairs) {
      update([this.#slot("gradient_accumulator", index)], (sum) => native().addAndDivide(sum, gradient, sum, 1));
    }
  }

  #average(variables: readonly Variable[]): void {
    // The first average is the weights themselves.
    const momentum = this.iterations === 0 ? 0 : this.ema_momentum;
    for (const [index, variable] of variables.entries()) {
      update([this.#slot("average", index)], (average) =>
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

  protected override state(): OptimizerState {
    if (this.#built === null) throw notBuilt("save and load", "variables");
    const numbers = new Map([["iteration", this.#calls]]);
    if (typeof this.#learningRate === "number") numbers.set("learning_rate", this.#learningRate);
    return { numbers, variables: this.#built.slots.named() };
  }

  protected override setNumbers(numbers: ReadonlyMap<string, number>): void {
    this.#calls = numbers.get("iteration") ?? this.#calls;
    const rate = numbers.get("learning_rate");
    if (rate !== undefined) this.#learningRate = rate;
  }
}

/** The elements of a variable as the updates take them, for reading. */
function readArray(variable: Variable): NativeArray {
  return kernelArray(peekVariableData(variable), variable.dtype);
}

function notBuilt(method: string, what: string): GRUError {
  return expectedText("ERR_NOT_BUILT", method, "a built optimizer", `one that knows no ${what}`, {
    remedy: "Call build(variables) first.",
  });
}
