import { formatShape } from "../errors/describe.js";
import { expectedShape, expectedText } from "../errors/messages.js";
import { reading, unreadable } from "../errors/reading.js";
import type { Dtype } from "../keras/dtype_policy.js";
import { lengthOf } from "../native/intrinsics.js";
import { isSixteenBit } from "../native/sixteen_bit.js";
import { readRecord } from "../options/record.js";
import { requireInteger, SIZE_LIMIT } from "../options/values.js";
import type { FloatArray, TensorDtype, TensorLike, TypedArray } from "../tensor/tensor.js";
import { noBareFrames } from "./bare_frames.js";
import { requireNamed } from "./convert.js";
import { elementsAs, elementsWithShape, readWithShape, stateFromList } from "./known_shape.js";
import type { StateLike } from "./read_call.js";
import { checkedProduct } from "./shapes.js";
import { type ReadTensor, readTensor } from "./tensor_like.js";
import { isTypedArray, requireAttached } from "./typed_array.js";

/** The arguments of `stream`. */
export interface StreamArguments {
  /** The number of rows of every frame, a positive integer; 1 by default. */
  batch?: number | undefined;
  /** The state before the first frame, (batch, units), bare or in a list of one; zeros by default. */
  initial_state?: StateLike | readonly [StateLike] | null | undefined;
}

/**
 * The data of one timestep: a (batch, features) tensor, nested arrays, or a bare typed array with as many elements. Or
 * a block of timesteps: a (batch, timesteps, features) tensor or nested arrays, or in a stream of one row a bare typed
 * array of several frames, one after the other.
 */
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

/** The format of the frames of a stream. */
export interface FrameFormat {
  readonly batch: number;
  readonly features: number;
  readonly dtype: Dtype;
  /** Whether floating-point data of another dtype is converted. */
  readonly autocast: boolean;
}

/** A frame or a block of frames. */
export interface ReadFrames {
  /** Dense data of the dtype: (batch, features), or (batch, timesteps, features). */
  readonly data: FloatArray;
  /** The number of frames of a block; `null` for a frame. */
  readonly timesteps: number | null;
}

/**
 * Reads a frame or a block of frames. With `copy` the data is always new memory. Otherwise it may be the caller's
 * memory, but never memory that other threads share or whose size may change. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or
 * `ERR_DTYPE`.
 */
export function readFrames(value: unknown, format: FrameFormat, copy: boolean): ReadFrames {
  try {
    const read = isTypedArray(value) ? readBareFrames(value, format) : readTensor(value, "frame", format.dtype);
    const timesteps = timestepsOf(read.shape, format);
    requireNamed(read, format.dtype, "frame");
    if (!format.autocast) requireDtype(read.dtype, format.dtype);
    return { data: elementsAs(read, format.dtype, copy), timesteps };
  } catch (error) {
    throw unreadable(error, "push");
  }
}

/** Reads the description of a bare typed array: a frame or, in a stream of one row, several frames. */
function readBareFrames(value: TypedArray, { batch, features, dtype }: FrameFormat): ReadTensor {
  const length = lengthOf(value);
  const count = checkedProduct([batch, features], "frame");
  const several = batch === 1 && length > count && length % count === 0;
  requireAttached(value, "frame");
  if (length !== count && !several) throw noBareFrames("frame", length, [batch, features], count);
  const shape = several ? [batch, length / count, features] : [batch, features];
  return readWithShape(value, shape, length, dtype, "frame");
}

/** Returns the number of timesteps of a block of this shape; `null` for the shape of a frame. Throws `ERR_SHAPE`. */
function timestepsOf(shape: readonly number[], { batch, features }: FrameFormat): number | null {
  const [rows, timesteps, width] = shape;
  if (shape.length === 2 && rows === batch && timesteps === features) return null;
  if (shape.length === 3 && rows === batch && width === features && timesteps !== 0) return timesteps as number;
  const block = `[${batch}, timesteps, ${features}] for a block of timesteps`;
  throw expectedShape("frame", `shape ${formatShape([batch, features])}, or ${block},`, shape);
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
