import { kernelArray, requireNamed } from "../../arguments/convert.js";
import { elementsAs, readWithShape, stateFromList } from "../../arguments/known_shape.js";
import { allocate, requireMemory } from "../../arguments/memory.js";
import { checkedProduct, sameShape } from "../../arguments/shapes.js";
import { type ReadTensor, readTensor } from "../../arguments/tensor_like.js";
import { ARRAY_TYPES, isTypedArray } from "../../arguments/typed_array.js";
import { formatShape } from "../../errors/describe.js";
import { expectedShape, expectedText } from "../../errors/messages.js";
import { reading, unreadable } from "../../errors/reading.js";
import type { Dtype } from "../../keras/dtype_policy.js";
import type { NativeArray, NativeDtype } from "../../native/binding.js";
import { lengthOf } from "../../native/intrinsics.js";
import { isSixteenBit } from "../../native/sixteen_bit.js";
import { requireInteger, SIZE_LIMIT } from "../../options/values.js";
import { type FloatArray, Tensor, type TypedArray } from "../../tensor/tensor.js";

/**
 * Returns zeros of shape (batch, units), in the dtype of results. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or
 * `ERR_OUT_OF_MEMORY`.
 */
export function zeroState(batch: number, layer: { units: number; computeDtype: Dtype }): Tensor<FloatArray> {
  const rows = requireInteger(batch, "batch", "an integer from 0 to 2^31 - 1", 0, SIZE_LIMIT - 1);
  const shape = [rows, layer.units];
  const data = allocate(layer.computeDtype, checkedProduct(shape, "state"), "state");
  return new Tensor(data, shape, layer.computeDtype);
}

/**
 * The state that a stateful layer carries from call to call: (batch, units). A call reads the current state and writes
 * the spare one, which becomes the current one only when the call succeeds. States of 16-bit layers are float32,
 * rounded to the compute dtype.
 */
export class CarriedState {
  readonly #units: number;
  readonly #computeDtype: Dtype;
  /** The dtype of the arrays. */
  readonly #dtype: NativeDtype;
  /** The current state. `null` means zeros that nobody has computed or written yet. */
  #current: NativeArray | null = null;
  #spare: NativeArray | null = null;
  /** The number of rows of the state. */
  #batch = 0;
  /** True once the number of rows is known: after the first call, or after a build with a batch size. */
  #started = false;
  /** True when calls must have `#batch` rows. */
  #fixed = false;

  constructor(units: number, computeDtype: Dtype) {
    this.#units = units;
    this.#computeDtype = computeDtype;
    this.#dtype = isSixteenBit(computeDtype) ? "float32" : computeDtype;
  }

  /** Throws `ERR_SHAPE` unless a call may have `batch` rows. */
  checkBatch(batch: number): void {
    if (!this.#fixed || batch === this.#batch) return;
    throw expectedText(
      "ERR_SHAPE",
      "inputs",
      `the batch size ${this.#batch} of the states (call resetState() to change it)`,
      `the batch size ${batch}`,
    );
  }

  /** Returns the state that a call of `batch` rows starts from. `null` means zeros. */
  stateFor(batch: number): NativeArray | null {
    return this.#current !== null && this.#batch === batch ? this.#current : null;
  }

  /** Returns the array that a call of `batch` rows writes its last state to. Its contents do not matter. */
  spare(batch: number): NativeArray {
    const count = checkedProduct([batch, this.#units], "states");
    if (this.#spare === null || this.#spare.length !== count) this.#spare = allocate(this.#dtype, count, "states");
    return this.#spare;
  }

  /** Makes `state`, which `spare` returned, the current state. */
  commit(batch: number, state: NativeArray): void {
    this.#spare = this.#current;
    this.#setRows(batch);
    this.#current = state;
  }

  /**
   * Sets the state to zeros for exactly `batch` rows. They take no memory before the first call, so that building for a
   * large batch costs nothing. Throws `ERR_SHAPE` or `ERR_OUT_OF_MEMORY` for a state that no call could have.
   */
  start(batch: number): void {
    const count = checkedProduct([batch, this.#units], "states");
    requireMemory(count * ARRAY_TYPES[this.#dtype].BYTES_PER_ELEMENT, "states");
    this.#setRows(batch);
    this.#current = null;
  }

  #setRows(batch: number): void {
    this.#batch = batch;
    this.#fixed = true;
    this.#started = true;
  }

  /** Sets the state to zeros. The next call may have another batch size. */
  clear(): void {
    this.#current?.fill(0);
    this.#fixed = false;
  }

  /**
   * Sets the state to a (batch, units) tensor, or to a bare typed array whose length is a multiple of `units`. Calls
   * `check` after reading the value, because reading may have run user code.
   */
  set(value: unknown, check: () => void): void {
    const { batch, state } = this.read(reading("resetState", () => stateFromList(value)));
    check();
    this.commit(batch, state);
  }

  /** Returns a copy of a state that `set` takes, and its number of rows. Messages call it `name`. */
  read(value: unknown, name = "state"): { batch: number; state: NativeArray } {
    try {
      const read = this.#check(value, name);
      const state = kernelArray(elementsAs(read, this.#computeDtype, true), this.#computeDtype);
      return { batch: read.shape[0] as number, state };
    } catch (error) {
      throw unreadable(error, "resetState");
    }
  }

  /** The number of rows that calls must have; `null` when they may have any. */
  get fixedBatch(): number | null {
    return this.#fixed ? this.#batch : null;
  }

  #check(value: unknown, name: string): ReadTensor {
    const bare = isTypedArray(value);
    const described = bare ? null : readTensor(value, name, this.#computeDtype);
    const batch = described === null ? lengthOf(value as TypedArray) / this.#units : (described.shape[0] ?? 0);
    if (!Number.isInteger(batch)) {
      const received = `${lengthOf(value as TypedArray)} elements`;
      throw expectedText("ERR_SHAPE", name, `a multiple of ${this.#units} elements`, received);
    }
    const shape = [batch, this.#units];
    if (described === null) return readWithShape(value, shape, checkedProduct(shape, name), this.#computeDtype, name);
    if (!sameShape(described.shape, shape)) {
      throw expectedShape(name, `shape ${formatShape(shape)}`, described.shape);
    }
    requireNamed(described, this.#computeDtype, name);
    return described;
  }

  /** Returns copies of the states, in a list as in Keras; `null` before the first call. */
  tensors(): [Tensor<NativeArray>] | null {
    if (!this.#started) return null;
    const shape = [this.#batch, this.#units];
    const data = this.#current?.slice() ?? allocate(this.#dtype, checkedProduct(shape, "states"), "states");
    return [new Tensor(data, shape, this.#dtype)];
  }
}
