import { expectedText } from "../errors/messages.js";
import { reading, unreadable } from "../errors/reading.js";
import type { Dtype } from "../keras/dtype_policy.js";
import { isSixteenBit } from "../native/sixteen_bit.js";
import { readRecord } from "../options/record.js";
import { requireInteger, SIZE_LIMIT } from "../options/values.js";
import type { FloatArray, TensorDtype, TensorLike, TypedArray } from "../tensor/tensor.js";
import { elementsAs, elementsWithShape, readWithShape, stateFromList } from "./known_shape.js";
import type { StateLike } from "./read_call.js";
import { checkedProduct } from "./shapes.js";

/** The arguments of `stream`. */
export interface StreamArguments {
  /** The number of rows of every frame, a positive integer; 1 by default. */
  batch?: number | undefined;
  /** The state before the first frame, (batch, units), bare or in a list of one; zeros by default. */
  initial_state?: StateLike | readonly [StateLike] | null | undefined;
}

/** The data of one timestep: a (batch, features) tensor, nested arrays, or a bare typed array with as many elements. */
export type StreamFrame = TensorLike | TypedArray;

const KNOWN: ReadonlySet<string> = new Set(["batch", "initial_state"]);

/** Reads the arguments of `stream`. Throws `ERR_ARGUMENT`. */
export function readStreamArguments(value: unknown): { batch: number; initialState: unknown } {
  if (value === undefined || value === null) return { batch: 1, initialState: null };
  return reading("stream", () => {
    const { batch = 1, initial_state = null } = readRecord(value, KNOWN, "stream");
    return {
      batch: requireInteger(batch, "batch", "an integer from 1 to 2^31 - 1", 1, SIZE_LIMIT - 1),
      initialState: initial_state,
    };
  });
}

/**
 * Reads a frame of any kind, and returns it as dense data of `dtype`. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or
 * `ERR_DTYPE`.
 */
export function readFrame(value: unknown, shape: readonly number[], dtype: Dtype, autocast: boolean): FloatArray {
  try {
    const read = readWithShape(value, shape, checkedProduct(shape, "frame"), dtype, "frame");
    if (!autocast) requireDtype(read.dtype, dtype);
    return elementsAs(read, dtype, false);
  } catch (error) {
    throw unreadable(error, "push");
  }
}

/** Throws `ERR_DTYPE` for floating-point data that a layer with `autocast: false` would have to convert. */
function requireDtype(given: TensorDtype, dtype: Dtype): void {
  if (given === dtype || (given !== "float32" && given !== "float64" && !isSixteenBit(given))) return;
  throw expectedText("ERR_DTYPE", "frame.dtype", `"${dtype}" (the layer has \`autocast: false\`)`, `"${given}"`);
}

/** Reads a state, and returns a copy of it in `dtype`. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`. */
export function readState(value: unknown, shape: readonly number[], dtype: Dtype, name: string): FloatArray {
  try {
    return elementsWithShape(stateFromList(value), shape, checkedProduct(shape, name), dtype, name, true);
  } catch (error) {
    throw unreadable(error, name);
  }
}
