import type { Spec } from "../arguments/constructor.js";
import { requireNamed } from "../arguments/convert.js";
import { elementsAs } from "../arguments/known_shape.js";
import { allocate } from "../arguments/memory.js";
import { elementCount, readList, sameShape } from "../arguments/shapes.js";
import { readTensor } from "../arguments/tensor_like.js";
import { dtypeOfName } from "../arguments/typed_array.js";
import { fillWith } from "../arguments/user_code.js";
import { formatShape } from "../errors/describe.js";
import { expected } from "../errors/messages.js";
import { autoName } from "../keras/auto_name.js";
import { type Constraint, getConstraint } from "../keras/constraints.js";
import type { Dtype } from "../keras/dtype_policy.js";
import { Initializer } from "../keras/initializer.js";
import { getInitializer } from "../keras/initializers.js";
import { getRegularizer, type Regularizer } from "../keras/regularizers.js";
import { isSixteenBit, narrowed } from "../native/sixteen_bit.js";
import { Options } from "../options/options.js";
import { isRecord } from "../options/record.js";
import type { FloatArray, TensorDtype } from "../tensor/tensor.js";

/** The state that a variable shares with all other variables of its owner. */
export interface VariableOwner {
  readonly trainable: boolean;
  /**
   * The number of changes of any weight so far. Packed copies of the weights remember the version that they were made
   * from.
   */
  version: number;
  /** True while the layer runs user code, which may not change it. */
  locked: boolean;
}

/** The properties of a variable that never change. */
export interface VariableDescription {
  name: string;
  path: string;
  shape: readonly number[];
  dtype: Dtype;
  regularizer: Regularizer | null;
  constraint: Constraint | null;
}

/** The arguments of `new Variable`, beside the value. */
export interface VariableOptions<D extends Dtype = Dtype> {
  /** Keras's `name`; `variable`, `variable_1`, … by default. */
  name?: string | null | undefined;
  /** The shape; by default the value's own. It is required when the value is an initializer. */
  shape?: readonly number[] | null | undefined;
  /** The dtype; by default `float32` or, when the value is a tensor of floating-point numbers, the value's own. */
  dtype?: D | null | undefined;
  /**
   * Whether training should change the variable; true by default. This is a note for the code that trains: an optimizer
   * updates every variable that it receives.
   */
  trainable?: boolean | undefined;
  /** The regularizer, for the loss that your code computes: a name, a serialized object, an instance or `null`. */
  regularizer?: Spec<Regularizer> | undefined;
  /** The constraint, which optimizers apply after each update: a name, a serialized object, an instance or `null`. */
  constraint?: Spec<Constraint> | undefined;
}

/** The contents of a variable that is about to be made. The variable takes over `data` without a copy. */
export class VariableContents {
  constructor(
    readonly description: VariableDescription,
    readonly data: FloatArray,
    readonly owner: VariableOwner,
  ) {}
}

const OPTIONS = ["name", "shape", "dtype", "trainable", "regularizer", "constraint"];

/** Reads the arguments of `new Variable`. Throws `ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE` or `ERR_NATIVE_LOAD`. */
export function readVariableArguments(value: unknown, options: unknown): VariableContents {
  const read = new Options("Variable", options, OPTIONS);
  const givenName = read.nullableString("name");
  const trainable = read.boolean("trainable", true);
  const regularizer = getRegularizer(read.raw("regularizer", null), "regularizer");
  const constraint = getConstraint(read.raw("constraint", null), "constraint");
  const wantedDtype = read.raw("dtype", null);
  const { data, shape, dtype } = isInitializer(value)
    ? elementsFromInitializer(
        getInitializer(value, "value"),
        read.raw("shape", null),
        variableDtype(wantedDtype) ?? "float32",
      )
    : elementsFromTensor(value, read.raw("shape", null), variableDtype(wantedDtype));
  const name = givenName ?? autoName("variable");
  const description = { name, path: name, shape, dtype, regularizer, constraint };
  return new VariableContents(description, data, { trainable, version: 0, locked: false });
}

interface Elements {
  data: FloatArray;
  shape: readonly number[];
  dtype: Dtype;
}

function variableDtype(value: unknown): Dtype | null {
  if (value === null) return null;
  const dtype = dtypeOfName(value, "dtype");
  if (isFloat(dtype)) return dtype;
  throw expected("ERR_DTYPE", "dtype", "a floating-point dtype", value);
}

function isFloat(dtype: TensorDtype): dtype is Dtype {
  return dtype === "float32" || dtype === "float64" || isSixteenBit(dtype);
}

function isInitializer(value: unknown): boolean {
  return typeof value === "string" || value instanceof Initializer || (isRecord(value) && "class_name" in value);
}

function elementsFromInitializer(initializer: Initializer, shape: unknown, dtype: Dtype): Elements {
  const dimensions = readList(shape) as number[] | null;
  if (dimensions === null) {
    throw expected("ERR_SHAPE", "shape", "an array of dimensions (the value is an initializer)", shape);
  }
  const count = elementCount(dimensions, "shape");
  const filled = allocate(dtype === "float64" ? "float64" : "float32", count, "value");
  fillWith(initializer, filled, dimensions);
  const data = isSixteenBit(dtype) ? narrowed(filled as Float32Array, dtype) : filled;
  return { data, shape: dimensions, dtype };
}

function elementsFromTensor(value: unknown, shape: unknown, wantedDtype: Dtype | null): Elements {
  const read = readTensor(value, "value", wantedDtype ?? "float32");
  const dtype = wantedDtype ?? (isFloat(read.dtype) ? read.dtype : "float32");
  requireNamed(read, dtype, "value");
  if (shape !== null && !sameShape((readList(shape) ?? []) as number[], read.shape)) {
    throw expected("ERR_SHAPE", "shape", `${formatShape(read.shape)}, the shape of the value,`, shape);
  }
  return { data: elementsAs(read, dtype, true), shape: read.shape, dtype };
}
