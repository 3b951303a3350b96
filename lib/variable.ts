import { readShaped, type WeightValue } from "./arguments/shaped.js";
import { checkedProduct } from "./arguments/shapes.js";
import { GRUError } from "./errors.js";
import type { Constraint } from "./keras/constraints.js";
import type { Dtype } from "./keras/dtype_policy.js";
import type { Regularizer } from "./keras/regularizers.js";
import { type FloatArray, Tensor } from "./tensor.js";

/** What a variable shares with the layer that owns it. */
export interface VariableOwner {
  readonly trainable: boolean;
  /** Counts changes of any weight; packed copies of the weights are as old as the count they were packed at. */
  version: number;
  /** Whether the layer is inside a function of the user's, which may not change it. */
  locked: boolean;
}

/** Throws `ERR_STATE` inside a custom activation of the layer, naming the method. */
export function requireUnlocked(owner: VariableOwner, method: string): void {
  if (!owner.locked) return;
  throw new GRUError(
    "ERR_STATE",
    `Expected \`${method}\` outside of the layer's own activation but received a call from inside it: a custom ` +
      "activation may not use the layer that is computing it.",
  );
}

/** What fixes a variable for life. */
export interface VariableDescription {
  name: string;
  path: string;
  shape: readonly number[];
  dtype: Dtype;
  regularizer: Regularizer | null;
  constraint: Constraint | null;
}

/** The current elements of a variable, not copied. They never change: every assignment makes new ones. */
export let variableData: (variable: Variable) => FloatArray;
/** Puts `data`, which nobody else may write to, in the place of a variable's elements. Does not count a version. */
export let replaceVariableData: (variable: Variable, data: FloatArray | null) => void;

/** One weight of a layer, by Keras's names (`keras.Variable`). */
export class Variable {
  /** `kernel`, `recurrent_kernel` or `bias`. */
  readonly name: string;
  /** Where it lies, such as `gru/gru_cell/kernel`. */
  readonly path: string;
  readonly dtype: Dtype;
  /** The regularizer whose loss the layer counts, if any. */
  readonly regularizer: Regularizer | null;
  /** The constraint to apply after each update in training, if any; `assign` does not apply it. */
  readonly constraint: Constraint | null;
  readonly #shape: readonly number[];
  readonly #owner: VariableOwner;
  #data: FloatArray | null;

  static {
    variableData = (variable) => variable.#read();
    replaceVariableData = (variable, data) => {
      variable.#data = data;
    };
  }

  /**
   * Made by the layer: `data` is not copied.
   *
   * @internal
   */
  constructor(description: VariableDescription, data: FloatArray, owner: VariableOwner) {
    this.name = description.name;
    this.path = description.path;
    this.dtype = description.dtype;
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

  /** Whether training changes it: the layer's `trainable`. */
  get trainable(): boolean {
    return this.#owner.trainable;
  }

  /** A copy of the elements. Throws `ERR_DISPOSED` after the layer's `dispose`. */
  get value(): Tensor<FloatArray> {
    return new Tensor(this.#read().slice(), this.shape, this.dtype);
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
    const data = readShaped(value, this.#shape, checkedProduct(this.#shape, this.name), this.dtype, this.name, true);
    this.#data = data;
    this.#owner.version += 1;
  }

  #read(): FloatArray {
    if (this.#data === null) {
      throw new GRUError("ERR_DISPOSED", `Expected a living layer for \`${this.path}\` but received a disposed one.`);
    }
    return this.#data;
  }
}
