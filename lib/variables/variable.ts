import { elementsWithShape, type WeightValue } from "../arguments/known_shape.js";
import { checkedProduct } from "../arguments/shapes.js";
import { disposed } from "../errors/layer_errors.js";
import { expectedText } from "../errors/messages.js";
import { reading, unreadable } from "../errors/reading.js";
import type { Constraint } from "../keras/constraints.js";
import type { Dtype } from "../keras/dtype_policy.js";
import type { Initializer } from "../keras/initializer.js";
import type { Regularizer } from "../keras/regularizers.js";
import type { SerializedLike } from "../keras/serialization.js";
import { printAsText } from "../tensor/print_as_text.js";
import { type FloatArray, type FloatArrayOf, Tensor, type TensorLike } from "../tensor/tensor.js";
import {
  readVariableArguments,
  VariableContents,
  type VariableDescription,
  type VariableOptions,
  type VariableOwner,
} from "./variable_arguments.js";

export type { VariableDescription, VariableOptions, VariableOwner };

/** Throws `ERR_STATE`, naming the method, inside user code that the layer runs. */
export function requireUnlocked(owner: VariableOwner, method: string): void {
  if (!owner.locked) return;
  throw expectedText(
    "ERR_STATE",
    method,
    "a call from outside of the layer's own functions",
    "one from inside: an activation, initializer, regularizer or constraint of yours may not use the layer that calls it",
  );
}

/** Runs `work`, which is user code or calls it, and locks the layer meanwhile, so that this code cannot change it. */
export function lockedWhile<T>(owner: VariableOwner, work: () => T): T {
  const { locked } = owner;
  owner.locked = true;
  try {
    return work();
  } finally {
    owner.locked = locked;
  }
}

/** Makes a variable that a layer or an optimizer owns. The variable takes over `data`. */
export function makeOwnedVariable(description: VariableDescription, data: FloatArray, owner: VariableOwner): Variable {
  return new Variable(new VariableContents(description, data, owner) as never);
}

/**
 * Returns the current elements of a variable without a copy. The caller may keep them: nobody writes to them from now
 * on.
 */
export let variableData: (variable: Variable) => FloatArray;
/**
 * Returns the current elements of a variable without a copy. The caller must read them at once, since an optimizer may
 * write to them later.
 */
export let peekVariableData: (variable: Variable) => FloatArray;
/** Increases the version of the variable's owner. */
export let variableChanged: (variable: Variable) => void;
/** Replaces the elements of a variable by `data`, which nobody else may write to. Does not increase the version. */
export let replaceVariableData: (variable: Variable, data: FloatArray | null) => void;
/**
 * Returns the elements of a variable to write to in place. If somebody may have kept them, the variable gets a copy
 * first. Increases the version at once, so the writing must end before any other code runs.
 */
export let writableVariableData: (variable: Variable) => FloatArray;
/** Throws `ERR_DISPOSED`, or `ERR_STATE`, naming `method`, inside user code that the variable's layer runs. */
export let requireWritable: (variable: Variable, method: string) => void;
/** True for a variable, and not for an object that only has the prototype of the class. */
export let isVariable: (value: unknown) => value is Variable;
/** Runs `work` with the owner of the variable locked, as `lockedWhile` does. */
export let whileLocked: <T>(variable: Variable, work: () => T) => T;

/**
 * A tensor that training changes (`keras.Variable`): a weight of a layer, or a variable of your own. The names are
 * Keras's.
 */
export class Variable<D extends Dtype = Dtype> {
  /** The name, such as `kernel`, `recurrent_kernel` or `bias`. */
  readonly name: string;
  /** The path, such as `gru/gru_cell/kernel`. The path of a variable of your own is its name. */
  readonly path: string;
  /** The element type. */
  readonly dtype: D;
  /** The regularizer whose loss the layer counts; `null` for none. */
  readonly regularizer: Regularizer | null;
  /** The constraint that optimizers apply after each update; `null` for none. `assign` does not apply it. */
  readonly constraint: Constraint | null;
  readonly #shape: readonly number[];
  readonly #owner: VariableOwner;
  #data: FloatArray | null;
  /** True when somebody may have kept `#data`. */
  #kept = false;

  static {
    isVariable = (value): value is Variable => value instanceof Variable && #data in value;
    variableData = (variable) => {
      const data = variable.#read();
      variable.#kept = true;
      return data;
    };
    peekVariableData = (variable) => variable.#read();
    variableChanged = (variable) => {
      variable.#owner.version += 1;
    };
    replaceVariableData = (variable, data) => {
      variable.#data = data;
      variable.#kept = false;
    };
    writableVariableData = (variable) => {
      let data = variable.#read();
      if (variable.#kept) {
        data = data.slice();
        replaceVariableData(variable, data);
      }
      variableChanged(variable);
      return data;
    };
    requireWritable = (variable, method) => {
      variable.#read();
      requireUnlocked(variable.#owner, method);
    };
    whileLocked = (variable, work) => lockedWhile(variable.#owner, work);
  }

  /**
   * Makes a variable of your own. `value` is a tensor or nested arrays, whose elements are copied, or an initializer (a
   * name, a serialized object or an instance), which makes the elements for `shape`.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE` for bad arguments, and `ERR_NATIVE_LOAD`.
   */
  constructor(value: TensorLike | Initializer | string | SerializedLike, options: VariableOptions<D> = {}) {
    const given: unknown = value;
    const parts = reading("Variable", () =>
      given instanceof VariableContents ? given : readVariableArguments(given, options),
    );
    const { description, data, owner } = parts;
    this.name = description.name;
    this.path = description.path;
    this.dtype = description.dtype as D;
    this.regularizer = description.regularizer;
    this.constraint = description.constraint;
    this.#shape = description.shape;
    this.#owner = owner;
    this.#data = data;
  }

  /** The size of each dimension. Each read returns a new array. */
  get shape(): number[] {
    return [...this.#shape];
  }

  /** Whether training may change the variable: the layer's `trainable` or, for a variable of your own, its option. */
  get trainable(): boolean {
    return this.#owner.trainable;
  }

  /** A copy of the elements. Throws `ERR_DISPOSED` after the layer's `dispose`. */
  get value(): Tensor<FloatArrayOf<D>> {
    return new Tensor(this.#read().slice() as FloatArrayOf<D>, this.shape, this.dtype);
  }

  /**
   * Sets the elements, converted to the variable's dtype. `value` is a tensor of the variable's shape, nested arrays,
   * or a bare typed array with as many elements. Calls that were already submitted keep the old elements.
   *
   * Throws `ERR_SHAPE`, `ERR_DTYPE` or `ERR_ARGUMENT` for a bad value, `ERR_DISPOSED` after the layer's `dispose` and
   * `ERR_STATE` inside a custom activation of the layer. The elements have then not changed.
   */
  assign(value: WeightValue): void {
    this.#read();
    requireUnlocked(this.#owner, `${this.name}.assign`);
    let data: FloatArray;
    try {
      data = elementsWithShape(value, this.#shape, checkedProduct(this.#shape, this.name), this.dtype, this.name, true);
    } catch (error) {
      throw unreadable(error, `${this.name}.assign`);
    }
    // Reading the value may have run user code, which may have disposed the layer.
    this.#read();
    replaceVariableData(this, data);
    this.#owner.version += 1;
  }

  /** Returns a description such as `Variable "gru/gru_cell/kernel" of float32, shape [3, 12]`. */
  toString(): string {
    return `Variable ${JSON.stringify(this.path)} of ${this.dtype}, shape [${this.#shape.join(", ")}]`;
  }

  #read(): FloatArray {
    if (this.#data === null) {
      throw disposed("layer", this.path);
    }
    return this.#data;
  }
}

printAsText(Variable);
