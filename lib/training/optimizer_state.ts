import type { Dtype } from "../keras/dtype_policy.js";
import type { SerializedObject } from "../keras/serialization.js";
import type { FloatArray } from "../tensor/tensor.js";
import type { Variable } from "../variables/variable.js";

/** What a saved optimizer is made of: numbers by name, and variables by what they are (`momentum/0`). */
export interface OptimizerState {
  readonly numbers: ReadonlyMap<string, number>;
  readonly variables: ReadonlyMap<string, Variable>;
}

/** A state at one moment, and the optimizer as Keras serializes it. Nobody writes to these arrays. */
export interface OptimizerSnapshot {
  readonly serialized: SerializedObject;
  readonly numbers: ReadonlyMap<string, number>;
  readonly tensors: readonly { name: string; dtype: Dtype; shape: readonly number[]; data: FloatArray }[];
}

/** What reading a checkpoint needs of the optimizer that takes it up. */
export interface Restorable {
  /** Throws `ERR_NOT_BUILT`. */
  state(): OptimizerState;
  serialize(): SerializedObject;
  /** Sets all of the numbers of `state`. */
  setNumbers(numbers: ReadonlyMap<string, number>): void;
}
