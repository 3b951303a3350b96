import { readShaped, type WeightValue } from "../arguments/shaped.js";
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
  ownVariable,
  type VariableDescription,
  type VariableOptions,
  type VariableOwner,
  VariableParts,
} from "./variable_parts.js";

export type { VariableDescription, VariableOptions, VariableOwner };

/** Throws `ERR_STATE` inside a function of the user's that the layer runs, naming the method. */
export function requireUnlocked(owner: VariableOwner, method: string): void {
  if (!owner.locked) return;
  throw expectedText(
    "ERR_STATE",
    method,
    "a call from outside of the layer's own functions",
    "one from inside: an activation, initializer, regularizer or constraint of yours may not use the layer that calls it",
  );
}

/** Runs `work`, a function of the user's, with the layer locked against it. */
export function lockedWhile<T>(owner: VariableOwner, work: () => T): T {
  const { locked } = owner;
  owner.locked = true;
  try {
    return work();
  } finally {
    owner.locked = locked;
  }
}

/** The variable of a layer or an optimizer; `data` becomes its own. */
export function ownedVariable(description: VariableDescription, data: FloatArray, owner: VariableOwner): Variable {
  return new Variable(new VariableParts(description, data, owner) as never);
}

/** The current elements of a variable, not copied, for keeping: from now on nobody writes to them. */
export let variableData: (variable: Variable) => FloatArray;
/** The current elements of a variable, not copied, for reading at once: an optimizer may write to them later. */
export let peekVariableData: (variable: Variable) => FloatArray;
/** Counts a version. */
export let variableChanged: (variable: Variable) => void;
/** Puts `data`, which nobody else may write to, in the place of a variable's elements. Does not count a version. */
export let replaceVariableData: (variable: Variable, data: FloatArray | null) => void;
/**
 * The elements of a variable for writing to in place: a copy takes their place where somebody keeps them. Counts a
 * version, so the writing must be over before any other code runs.
 */
export let writableVariableData: (variable: Variable) => FloatArray;
/** Throws `ERR_DISPOSED` or, inside a function of the user's that the variable's layer runs, `ERR_STATE` naming `method`. */
export let requireWritable: (variable: Variable, method: string) => void;
/** As `lockedWhile`, for the layer that owns the variable. */
export let whileLocked: <T>(variable: Variable, work: () => T) => T;

/** A tensor that training changes, by Keras's names (`keras.Variable`): a weight of a layer, or one of your own. */
export class Variable<D extends Dtype = Dtype> {
  /** Such as `kernel`, `recurrent_kernel` or `bias`. */
  readonly name: string;
  /** Where it lies, such as `gru/gru_cell/kernel`; the name, for one of your own. */
  readonly path: string;
  /** The element type. */
  readonly dtype: D;
  /** The regularizer whose loss the layer counts, if any. */
  readonly regularizer: Regularizer | null;
  /** The constraint that optimizers apply after each update, if any; `assign` does not apply it. */
  readonly constraint: Constraint | null;
  readonly #shape: readonly number[];
  readonly #owner: VariableOwner;
  #data: FloatArray | null;
  /** Whether somebody may have kept `#data`. */
  #kept = false;

  static {
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
   * A variable of your own: its elements are a copy of `value`, a tensor or nested arrays, or what an initializer (a name,
   * a serialized object or an instance) makes for `shape`.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE` for bad arguments; `ERR_NATIVE_LOAD`.
   */
  constructor(value: TensorLike | Initializer | string | SerializedLike, options: VariableOptions<D> = {}) {
    const given: unknown = value;
    const parts = reading("Variable", () => (given instanceof VariableParts ? given : ownVariable(given, options)));
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

  /** The size of each dimension; a new array each time. */
  get shape(): number[] {
    return [...this.#shape];
  }

  /** Whether training is to change it: the layer's `trainable`, or as it was made. */
  get trainable(): boolean {
    return this.#owner.trainable;
  }

  /** A copy of the elements. Throws `ERR_DISPOSED` after the layer's `dispose`. */
  get value(): Tensor<FloatArrayOf<D>> {
    return new Tensor(this.#read().slice() as FloatArrayOf<D>, this.shape, this.dtype);
  }

  /**
   * Sets the elements, converted to the variable's dtype: a tensor of the variable's shape, nested arrays, or a bare
   * typed array of that many elements. Calls already submitted keep the old ones.
   *
   * Throws `ERR_SHAPE`, `ERR_DTYPE` or `ERR_ARGUMENT` for another value, `ERR_DISPOSED` after the layer's `dispose` and
   * `ERR_STATE` inside a custom activation of the layer; the elements are then as they were.
   */
  assign(value: WeightValue): void {
    this.#read();
    requireUnlocked(this.#owner, `${this.name}.assign`);
    let data: FloatArray;
    try {
      data = readShaped(value, this.#shape, checkedProduct(this.#shape, this.name), this.dtype, this.name, true);
    } catch (error) {
      throw unreadable(error, `${this.name}.assign`);
    }
    // Reading the value may have run code of the caller's, which disposed the layer.
    this.#read();
    replaceVariableData(this, data);
    this.#owner.version += 1;
  }

  /** Such as `Variable "gru/gru_cell/kernel" of float32, shape [3, 12]`. */
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
