import type { TensorDtype, TypedArray } from "../../tensor/tensor.js";

/** The element types that Keras's tensors have here. 64-bit integers are kept as 32-bit ones. */
export type KerasDtype = TensorDtype | "int64" | "uint64";

/** The element types of a program's memory. 16-bit floats are float32 numbers that are rounded. */
export type StorageType = "float32" | "float64" | "int32" | "bool";

/** The names of all element types. */
export const KERAS_DTYPES: readonly KerasDtype[] = [
  "float32",
  "float64",
  "float16",
  "bfloat16",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "bool",
];

/** Returns the element type of the memory that holds elements of `dtype`. */
export function storageType(dtype: KerasDtype): StorageType {
  if (dtype === "bool" || dtype === "float64") return dtype;
  return isFloat(dtype) ? "float32" : "int32";
}

/** True for floating-point types. */
export function isFloat(dtype: KerasDtype): boolean {
  return dtype.includes("float");
}

/** Returns the type that results of `dtype` are rounded to, or `null`. */
export function roundingOf(dtype: KerasDtype): "float16" | "bfloat16" | null {
  return dtype === "float16" || dtype === "bfloat16" ? dtype : null;
}

/** A piece of a program's memory. Several tensors may be in the same one, with different shapes. */
export class Storage {
  readonly type: StorageType;
  /** The number of elements for each row of the program, or of all elements of a constant. */
  readonly size: number;
  /** The elements of a constant, which all rows share; `null` for memory that the program computes. */
  readonly constant: TypedArray | null;

  constructor(type: StorageType, size: number, constant: TypedArray | null = null) {
    this.type = type;
    this.size = size;
    this.constant = constant;
  }
}

/** The properties of a {@link SymbolicTensor}. */
export type TensorProperties = Pick<SymbolicTensor, "storage" | "shape" | "repeat" | "dtype" | "mask">;

/** A tensor of a model while it is compiled: its elements are known only when the program runs. Immutable. */
export class SymbolicTensor {
  readonly storage: Storage;
  /** The shape without its first axis, which Keras calls the batch. For `repeat: null` the whole shape. */
  readonly shape: readonly number[];
  /**
   * The number of items for each row of the program. Usually 1, the batch being as long as the program has rows.
   * `TimeDistributed` makes it the number of timesteps. In a program that computes the whole batch as one row it is the
   * length of the first axis. `null` for a tensor without that axis: a constant, or a scalar.
   */
  readonly repeat: number | null;
  readonly dtype: KerasDtype;
  /** The mask that Keras attaches to this tensor at run time. */
  readonly mask: SymbolicTensor | null;

  constructor({ storage, shape, repeat, dtype, mask }: TensorProperties) {
    this.storage = storage;
    this.shape = shape;
    this.repeat = repeat;
    this.dtype = dtype;
    this.mask = mask;
  }

  /** The number of axes, with the batch. */
  get rank(): number {
    return this.shape.length + (this.repeat === null ? 0 : 1);
  }

  /** The shape in one row of the program, with the axis of the items. */
  get rowShape(): readonly number[] {
    return this.repeat === null ? this.shape : [this.repeat, ...this.shape];
  }

  /** Returns this tensor with another mask. */
  withMask(mask: SymbolicTensor | null): SymbolicTensor {
    return mask === this.mask ? this : new SymbolicTensor({ ...this.#properties(), mask });
  }

  /** Returns the same elements, in the same order, with other properties, and without a mask unless it is given. */
  as(changes: Partial<TensorProperties>): SymbolicTensor {
    return new SymbolicTensor({ ...this.#properties(), mask: null, ...changes });
  }

  #properties(): TensorProperties {
    const { storage, shape, repeat, dtype, mask } = this;
    return { storage, shape, repeat, dtype, mask };
  }
}

/** Returns the product of `sizes`. */
export function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}
