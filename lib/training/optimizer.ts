import type { WeightValue } from "../arguments/shaped.js";
import { expected } from "../errors/messages.js";
import { type FileSource, readSource } from "../formats/source.js";
import { KerasObject, type SerializedObject } from "../keras/serialization.js";
import { printAsText } from "../tensor/print_as_text.js";
import { type Variable, variableData } from "../variables/variable.js";
import type { LearningRateSchedule } from "./learning_rate_schedule.js";
import type { OptimizerSnapshot, OptimizerState } from "./optimizer_state.js";

/** The gradient of one variable, in its shape and dtype. `null` leaves the variable unchanged. */
export type VariableGradient = WeightValue | null;

/** Returns the state of an optimizer. It is a function so that users do not see a public method. */
export let stateOf: (optimizer: Optimizer) => OptimizerState;
/** Sets the numbers of an optimizer's state. It is a function so that users do not see a public method. */
export let setNumbers: (optimizer: Optimizer, numbers: ReadonlyMap<string, number>) => void;

/** The base class of Keras's optimizers (`keras.optimizers.Optimizer`). */
export abstract class Optimizer extends KerasObject {
  static override readonly module: string = "keras.optimizers";

  static {
    stateOf = (optimizer) => optimizer.state();
    setNumbers = (optimizer, numbers) => optimizer.setNumbers(numbers);
  }

  /** Makes an optimizer from the result of `getConfig`. Throws `ERR_ARGUMENT`. */
  static fromConfig<T extends Optimizer>(this: new (options: never) => T, config: Record<string, unknown>): T {
    return new this(config as never);
  }

  /** Keras's name of the optimizer. The paths of its variables start with it. */
  abstract readonly name: string;
  /** True when the optimizer has its variables, which is so after `build` or the first `apply`. */
  abstract readonly built: boolean;
  /** The number of updates that have been made. */
  abstract readonly iterations: number;
  /**
   * The learning rate of the next update, rounded to float32. It may be set to a number or a schedule. An optimizer that
   * has a schedule accepts only another schedule.
   */
  abstract get learning_rate(): number;
  abstract set learning_rate(value: number | LearningRateSchedule);
  /**
   * The optimizer's own variables, such as momenta and velocities, in Keras's order. Keras's list starts with the
   * number of updates and the learning rate, which are `iterations` and `learning_rate` here.
   */
  abstract readonly variables: Variable[];

  /**
   * Makes the optimizer's own variables, for updates of these. Does nothing when the optimizer is already built.
   *
   * Throws `ERR_ARGUMENT` unless all are variables, `ERR_SHAPE` when a variable does not have an axis that its
   * constraint uses, and `ERR_DISPOSED` for variables of a disposed layer.
   */
  abstract build(variables: readonly Variable[]): void;

  /**
   * Updates `variables` natively and in place with `gradients`, one for each variable, and then applies their
   * constraints. The default is all variables that the optimizer was built for. The first call with variables builds
   * the optimizer.
   *
   * Nothing has changed when it throws. It throws
   * - `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE` for gradients that do not fit the variables,
   * - `ERR_ARGUMENT` for gradients that are not finite,
   * - `ERR_NOT_BUILT` without variables, and `ERR_DISPOSED` for variables of a disposed layer,
   * - `ERR_STATE` inside a custom activation of the variables' layer, and inside a gradient or schedule that another
   *   `apply` is reading,
   * - `ERR_CALLBACK` for a constraint that gave its values away,
   * - any error that a constraint or schedule of your own throws.
   */
  abstract apply(gradients: readonly VariableGradient[], variables?: readonly Variable[] | null): void;

  /** Returns `loss`, a number, times the factor by which `apply` divides gradients. Throws `ERR_ARGUMENT`. */
  abstract scaleLoss(loss: number): number;

  /**
   * With `use_ema`, sets the variables to their moving averages. Call it when training ends. Throws the errors of
   * `apply`.
   */
  abstract finalizeVariableValues(variables: readonly Variable[]): void;

  /**
   * Writes the state that the optimizer has when this method is called, as a safetensors file. After `load`, training
   * continues bit for bit. The file appears complete or not at all.
   *
   * Rejects with `ERR_NOT_BUILT`, and with `ERR_ARGUMENT` for an error of the file system.
   */
  async save(path: string): Promise<void> {
    const target = readPath(path);
    const snapshot = takeSnapshot(this);
    const { writeCheckpoint } = await import("./checkpoint.js");
    await writeCheckpoint(target, snapshot);
  }

  /**
   * Loads the state that `save` wrote. `source` is the file's path, its `file:` URL or its bytes, which are copied
   * before this method returns. The optimizer must be built for variables of the same shapes in the same order.
   *
   * Nothing has changed when it rejects. It rejects with `ERR_NOT_BUILT`, with `ERR_FILE_FORMAT` for a damaged file,
   * with `ERR_ARGUMENT` for a missing file or the state of another kind of optimizer, and with `ERR_SHAPE` or
   * `ERR_DTYPE` for the state of other variables.
   */
  async load(source: FileSource): Promise<void> {
    const read = readSource(source, "a file that optimizer.save wrote");
    const { loadCheckpoint } = await import("./checkpoint.js");
    await loadCheckpoint(
      {
        state: () => stateOf(this),
        serialize: () => this.serialize() as SerializedObject,
        setNumbers: (numbers) => setNumbers(this, numbers),
      },
      read,
    );
  }

  /** Returns one line such as `Adam "adam", learning_rate 0.001, built, 10 updates`. */
  override toString(): string {
    const { name, learning_rate, iterations, built } = this;
    const kind = (this.constructor as typeof KerasObject).className ?? this.constructor.name;
    const rate = Number(learning_rate.toPrecision(7));
    const condition = built ? `built, ${iterations} ${iterations === 1 ? "update" : "updates"}` : "not built";
    return `${kind} ${JSON.stringify(name)}, learning_rate ${rate}, ${condition}`;
  }

  /**
   * Returns the state of the optimizer. Throws `ERR_NOT_BUILT`.
   *
   * @internal
   */
  protected abstract state(): OptimizerState;
  /**
   * Sets all numbers of the optimizer's state.
   *
   * @internal
   */
  protected abstract setNumbers(numbers: ReadonlyMap<string, number>): void;
}

printAsText(Optimizer);

function takeSnapshot(optimizer: Optimizer): OptimizerSnapshot {
  const { numbers, variables } = stateOf(optimizer);
  const tensors = [...variables].map(([name, variable]) => {
    const { dtype, shape } = variable;
    return { name, dtype, shape, data: variableData(variable) };
  });
  return { serialized: optimizer.serialize() as SerializedObject, numbers: new Map(numbers), tensors };
}

function readPath(path: unknown): string {
  if (typeof path === "string" && path !== "") return path;
  throw expected("ERR_ARGUMENT", "path", "the path of a file", path);
}
