import type { WeightValue } from "../arguments/shaped.js";
import { expected } from "../errors/messages.js";
import { type FileSource, readSource } from "../formats/source.js";
import { KerasObject, type SerializedObject } from "../keras/serialization.js";
import { printAsText } from "../tensor/print_as_text.js";
import { type Variable, variableData } from "../variables/variable.js";
import type { OptimizerSnapshot, OptimizerState } from "./optimizer_state.js";
import type { LearningRateSchedule } from "./schedule.js";

/** The gradient of one variable, in its shape and dtype; `null` leaves the variable as it is. */
export type VariableGradient = WeightValue | null;

/** Kept apart from the methods that users see. */
export let stateOf: (optimizer: Optimizer) => OptimizerState;
export let setNumbers: (optimizer: Optimizer, numbers: ReadonlyMap<string, number>) => void;

/** What every optimizer of Keras's can do (`keras.optimizers.Optimizer`). */
export abstract class Optimizer extends KerasObject {
  static override readonly module: string = "keras.optimizers";

  static {
    stateOf = (optimizer) => optimizer.state();
    setNumbers = (optimizer, numbers) => optimizer.setNumbers(numbers);
  }

  /** An optimizer from what `getConfig` gave. Throws `ERR_ARGUMENT`. */
  static fromConfig<T extends Optimizer>(this: new (options: never) => T, config: Record<string, unknown>): T {
    return new this(config as never);
  }

  /** Keras's `name`, under which the variables lie. */
  abstract readonly name: string;
  /** Whether the optimizer has its variables: after `build`, or after the first `apply`. */
  abstract readonly built: boolean;
  /** The number of updates that have been made. */
  abstract readonly iterations: number;
  /** The learning rate of the next update, a float32 number. */
  abstract get learning_rate(): number;
  abstract set learning_rate(value: number | LearningRateSchedule);
  /**
   * Momenta, velocities and the like, in Keras's order. Keras's own list begins with the number of updates and the learning
   * rate, which are `iterations` and `learning_rate` here.
   */
  abstract readonly variables: Variable[];

  /**
   * Makes the optimizer's variables, for updates of these. Does nothing when they are there already.
   *
   * Throws `ERR_ARGUMENT` for what are no variables, `ERR_SHAPE` for a constraint whose axes a variable lacks,
   * `ERR_DISPOSED`.
   */
  abstract build(variables: readonly Variable[]): void;

  /**
   * Updates `variables` (default: those it was built for) natively and in place with `gradients`, one for each, and then
   * applies their constraints. Builds itself at the first call.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE` for gradients that do not pair with the variables and, for
   * gradients that are not finite, `ERR_ARGUMENT`; `ERR_NOT_BUILT`; `ERR_DISPOSED`; `ERR_STATE` inside a custom
   * activation of the variables' layer, and from a gradient or schedule that another `apply` is reading; `ERR_CALLBACK` for a
   * constraint that gave its values away; and what a constraint or schedule of your own throws. Nothing has then changed.
   */
  abstract apply(gradients: readonly VariableGradient[], variables?: readonly Variable[] | null): void;

  /** `loss`, a number, times the factor that `apply` divides gradients by. Throws `ERR_ARGUMENT`. */
  abstract scaleLoss(loss: number): number;

  /** With `use_ema`, sets the variables to their moving averages; call it when training ends. Throws as `apply`. */
  abstract finalizeVariableValues(variables: readonly Variable[]): void;

  /**
   * Writes everything that `load` needs to go on bit for bit, as safetensors: the state of the moment of the call. The file
   * appears whole or not at all.
   *
   * Rejects with `ERR_NOT_BUILT`, and with what the file system says as `ERR_ARGUMENT`.
   */
  async save(path: string): Promise<void> {
    const target = readPath(path);
    const snapshot = takeSnapshot(this);
    const { writeCheckpoint } = await import("./checkpoint.js");
    await writeCheckpoint(target, snapshot);
  }

  /**
   * Takes up what `save` wrote, given as the file's path, its `file:` URL or its bytes (copied before this returns). The optimizer must be built, for variables of the same shapes in the same order.
   *
   * Rejects with `ERR_NOT_BUILT`, `ERR_FILE_FORMAT`, `ERR_ARGUMENT` for no file or that of another optimizer, `ERR_SHAPE` and
   * `ERR_DTYPE` for that of other variables. Nothing has then changed.
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

  /** Such as `Adam "adam", learning_rate 0.001, 3 variables, 10 updates`. */
  override toString(): string {
    const { name, learning_rate, iterations, built } = this;
    const kind = (this.constructor as typeof KerasObject).className ?? this.constructor.name;
    const rate = Number(learning_rate.toPrecision(7));
    const condition = built ? `built, ${iterations} ${iterations === 1 ? "update" : "updates"}` : "not built";
    return `${kind} ${JSON.stringify(name)}, learning_rate ${rate}, ${condition}`;
  }

  /** @internal Throws `ERR_NOT_BUILT`. */
  protected abstract state(): OptimizerState;
  /** @internal Sets all of the numbers of `state`. */
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
