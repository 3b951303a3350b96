import { converted, kernelArray } from "../../arguments/convert.js";
import { expectedText } from "../../errors/messages.js";
import type { WeightData } from "../../formats/index.js";
import type { DTypePolicy } from "../../keras/dtype_policy.js";
import type { NativeArray } from "../../native/arrays.js";
import type { FloatArray } from "../../tensor/tensor.js";

/** A weight that a layer needs from the file: its Keras name, its shape, and how Keras stores it. */
export interface WeightRequest {
  readonly name: string;
  /** `null` for a size, or for a whole shape, that only the file knows. */
  readonly shape: readonly (number | null)[] | null;
  /** The group of the weight inside the layer's group in a Keras 3 file, such as `cell`. */
  readonly group?: string;
  /** False for a weight that training never changes, such as a moving mean. `.h5` files list these last. */
  readonly trainable?: boolean;
  /** True for a weight that only training uses, which is not read. It is among the last ones of its layer. */
  readonly unused?: boolean;
}

/** The place of a weight that a layer needs, which the reader of the file fills. */
export class WeightSlot {
  readonly name: string;
  readonly shape: readonly (number | null)[] | null;
  readonly group: string;
  readonly trainable: boolean;
  readonly isUnused: boolean;
  #data: WeightData | null = null;
  #kernel: { dtype: string; array: NativeArray } | null = null;

  constructor({ name, shape, group = "", trainable = true, unused = false }: WeightRequest) {
    this.name = name;
    this.shape = shape;
    this.group = group;
    this.trainable = trainable;
    this.isUnused = unused;
  }

  /** Sets the value. */
  fill(data: WeightData): void {
    this.#data = data;
  }

  /** The value, as it is in the file. */
  get data(): WeightData {
    if (this.#data !== null) return this.#data;
    throw expectedText("ERR_NOT_BUILT", this.name, "a weight that was read", "one that was not");
  }

  /** The bytes of the value as it is in the file; 0 for a weight that was not read. */
  get bytes(): number {
    return this.#data?.data.byteLength ?? 0;
  }

  /** The number of elements; 0 for a weight that was not read. */
  get count(): number {
    return this.#data?.data.length ?? 0;
  }

  /** Returns the value in the dtype in which a layer of this policy keeps its weights. */
  inVariableDtype({ variableDtype }: DTypePolicy): FloatArray {
    const { data, dtype } = this.data;
    return dtype === variableDtype ? data : converted(data, dtype, variableDtype, this.name);
  }

  /** Returns the value in the dtype of the variable, as numbers that JavaScript can compute with. */
  variable(policy: DTypePolicy): NativeArray {
    return kernelArray(this.inVariableDtype(policy), policy.variableDtype);
  }

  /** Returns the value in the form that the kernels take: rounded to the compute dtype of the policy, as Keras casts it. */
  kernel(policy: DTypePolicy): NativeArray {
    const { computeDtype, variableDtype } = policy;
    const key = `${variableDtype} ${computeDtype}`;
    if (this.#kernel?.dtype !== key) {
      const stored = this.inVariableDtype(policy);
      const cast = variableDtype === computeDtype ? stored : converted(stored, variableDtype, computeDtype, this.name);
      this.#kernel = { dtype: key, array: kernelArray(cast, computeDtype) };
    }
    return this.#kernel.array;
  }
}
