import type { Dtype } from "../keras/dtype_policy.js";
import type { SerializedObject } from "../keras/serialization.js";
import type { FloatArray } from "../tensor/tensor.js";
import type { Variable } from "../variables/variable.js";

/** The state of an optimizer as it is saved. */
export interface OptimizerState {
  /** Numbers by name, such as `iteration`. */
  readonly numbers: ReadonlyMap<string, number>;
  /** The optimizer's own variables by kind and place, such as `momentum/0`. */
  readonly variables: ReadonlyMap<string, Variable>;
}

/**
 * The state of an optimizer at one moment, with the optimizer as Keras serializes it. Nobody writes to these arrays.
 */
export interface OptimizerSnapshot {
  readonly serialized: SerializedObject;
  readonly numbers: ReadonlyMap<string, number>;
  readonly tensors: readonly { name: string; dtype: Dtype; shape: readonly number[]; data: FloatArray }[];
}

/** The part of an optimizer that loading a checkpoint needs. */
export interface Restorable {
  /** Returns the current state. Throws `ERR_NOT_BUILT`. */
  state(): OptimizerState;
  serialize(): SerializedObject;
  /** Sets all numbers of the state. */
  setNumbers(numbers: ReadonlyMap<string, number>): void;
}
