import { formatShape } from "../../errors/describe.js";
import { expectedText } from "../../errors/messages.js";
import type { Builder } from "../compile/builder.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import { simplified, stridesOf, type Walk } from "./strides.js";

/** The common shape of tensors that are combined element by element, as NumPy's rules define it. */
export interface Broadcast {
  readonly repeat: number | null;
  readonly shape: readonly number[];
  /** The walk over the elements of one row of the program: the strides of each tensor, and last those of the result. */
  readonly walk: Walk;
}

/**
 * Returns the common shape of `tensors`. A tensor of fewer axes gets axes of length 1 in front, as in NumPy.
 *
 * Throws `ERR_SHAPE` when the shapes do not fit, and `MixesSamples` when the batch of one tensor meets another axis.
 */
export function broadcast(builder: Builder, tensors: readonly SymbolicTensor[]): Broadcast {
  const rank = Math.max(...tensors.map((tensor) => tensor.rank));
  const hasBatch = tensors.some(({ repeat, rank: own }) => repeat !== null && own === rank);
  for (const tensor of tensors) {
    if (tensor.repeat !== null && tensor.rank < rank) builder.requireWhole();
    if (
      builder.mode === "divided" &&
      hasBatch &&
      tensor.repeat === null &&
      tensor.rank === rank &&
      tensor.shape[0] !== 1
    ) {
      builder.requireWhole();
    }
  }
  const shapes = tensors.map(({ rowShape }) => [...new Array<number>(rank - rowShape.length).fill(1), ...rowShape]);
  const whole = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    shape.forEach((size, axis) => {
      if (size === 1 || size === whole[axis]) return;
      if (whole[axis] !== 1) throw unfit(tensors);
      whole[axis] = size;
    });
  }
  const strides = shapes.map((shape) => {
    const own = stridesOf(shape);
    return shape.map((size, axis) => (size === 1 ? 0 : (own[axis] as number)));
  });
  const walk = simplified({ shape: whole, strides: [...strides, stridesOf(whole)] });
  if (!hasBatch) return { repeat: null, shape: whole, walk };
  return { repeat: whole[0] as number, shape: whole.slice(1), walk };
}

function unfit(tensors: readonly SymbolicTensor[]): Error {
  const shapes = tensors.map(({ shape, repeat }) => formatShape(repeat === null ? shape : [null, ...shape]));
  return expectedText("ERR_SHAPE", "inputs", "shapes that can be broadcast together", shapes.join(" and "));
}
