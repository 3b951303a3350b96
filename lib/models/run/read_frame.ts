import { noBareFrames } from "../../arguments/bare_frames.js";
import { readTensor } from "../../arguments/tensor_like.js";
import { isTypedArray } from "../../arguments/typed_array.js";
import { formatShape } from "../../errors/describe.js";
import { expectedText } from "../../errors/messages.js";
import { unreadable } from "../../errors/reading.js";
import { kindOf, lengthOf } from "../../native/intrinsics.js";
import type { TensorLike, TypedArray } from "../../tensor/tensor.js";
import type { FrameShapes } from "../compile/compile_stream.js";
import { product } from "../compile/symbolic.js";
import { flatten, type Structure } from "../graph/structure.js";
import type { InputSpec } from "../layers/model_layer.js";
import { programArray, tensorDtype, valuesOf } from "./read_inputs.js";

/**
 * One timestep of a model's inputs, or a block of them: a tensor, or a bare typed array with as many elements. A model with
 * several inputs takes a list of them, or an object by their names.
 */
export type ModelFrame =
  | TensorLike
  | TypedArray
  | readonly (TensorLike | TypedArray)[]
  | {
      /** The input of this name. */
      readonly [name: string]: TensorLike | TypedArray;
    };

/** The frames that a stream takes. */
export interface FrameSpec {
  readonly inputs: Structure<InputSpec>;
  /** The shapes of one timestep of each input. */
  readonly frames: FrameShapes;
  readonly batch: number;
}

/** A frame or a block that has been read. */
export interface ReadFrame {
  /** The elements of each input, in the type that programs take. */
  readonly arrays: readonly TypedArray[];
  readonly steps: number;
  readonly isBlock: boolean;
}

interface ReadPart {
  readonly array: TypedArray;
  readonly steps: number;
  readonly isBlock: boolean;
}

/** Reads a frame, or a block of frames. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`, naming the input. */
export function readFrame(given: unknown, spec: FrameSpec): ReadFrame {
  try {
    const specs = flatten(spec.inputs);
    const values = specs.length === 1 && isTypedArray(given) ? [given] : valuesOf(given, spec.inputs, specs);
    const read = values.map((value, index) => readPart(value, index, spec));
    const [first] = read as [ReadPart, ...ReadPart[]];
    if (read.some(({ steps, isBlock }) => steps !== first.steps || isBlock !== first.isBlock)) {
      throw expectedText("ERR_SHAPE", "frame", "as many timesteps of each input", "different numbers of them");
    }
    return { arrays: read.map(({ array }) => array), steps: first.steps, isBlock: first.isBlock };
  } catch (error) {
    throw unreadable(error, "push");
  }
}

function readPart(value: unknown, index: number, { inputs, frames, batch }: FrameSpec): ReadPart {
  const specs = flatten(inputs);
  const { name, dtype } = specs[index] as InputSpec;
  const frame = frames[index] as readonly number[];
  const label = specs.length === 1 ? "frame" : `frame.${name}`;
  if (isTypedArray(value)) return bareArray(value, { dtype, frame, batch, label });
  const read = readTensor(value, label, dtype === "bool" ? undefined : tensorDtype(dtype));
  const isBlock = read.shape.length === frame.length + 2;
  const own = isBlock ? [read.shape[0], ...read.shape.slice(2)] : read.shape;
  const steps = isBlock ? (read.shape[1] as number) : 1;
  const wanted = [batch, ...frame];
  const fits = own.length === wanted.length && own.every((size, axis) => size === wanted[axis]);
  if (!fits || steps < 1) {
    const what = `shape ${formatShape(wanted)}, or ${formatShape([batch, null, ...frame])} of a block`;
    throw expectedText("ERR_SHAPE", label, what, `shape ${formatShape(read.shape)}`);
  }
  return { array: programArray(read, dtype, "borrow"), steps, isBlock };
}

interface BareFrame {
  readonly dtype: InputSpec["dtype"];
  readonly frame: readonly number[];
  readonly batch: number;
  readonly label: string;
}

/** Reads an array without a shape: one frame, or for a batch of 1 also several. */
function bareArray(value: TypedArray, { dtype, frame, batch, label }: BareFrame): ReadPart {
  const count = batch * product(frame);
  const length = lengthOf(value);
  const steps = length / count;
  const isWhole = count > 0 && Number.isInteger(steps) && steps >= 1 && (steps === 1 || batch === 1);
  if (!isWhole) throw noBareFrames(label, length, [batch, ...frame], count);
  const isBits = kindOf(value) === "Uint16Array" && (dtype === "float16" || dtype === "bfloat16");
  const read = readTensor({ data: value, shape: [length], dtype: isBits ? dtype : undefined }, label, undefined);
  return { array: programArray(read, dtype, "borrow"), steps, isBlock: steps > 1 };
}
