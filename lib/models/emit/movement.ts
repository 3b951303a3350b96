import type { Builder } from "../compile/builder.js";
import { product, type SymbolicTensor } from "../compile/symbolic.js";
import { inDtype } from "./constants.js";
import { scalar } from "./elementwise.js";
import { simplified, stridesOf } from "./strides.js";

/** Which elements a copy takes, and where it puts them. Strides and offsets count elements in one row of the program. */
export interface CopyPlan {
  readonly shape: readonly number[];
  readonly xOffset: number;
  readonly xStrides: readonly number[];
  readonly yOffset: number;
  readonly yStrides: readonly number[];
}

/** Copies elements of `x` to places in `y`. */
export function copy(builder: Builder, x: SymbolicTensor, y: SymbolicTensor, plan: CopyPlan): void {
  if (product(plan.shape) === 0) return;
  const { shape, strides } = simplified({ shape: plan.shape, strides: [plan.xStrides, plan.yStrides] });
  const [xStrides, yStrides] = strides;
  builder.emit("copy", { x }, { y }, { ...plan, shape, xStrides, yStrides, repeat: 1 });
}

/** The part of a tensor to take: for each axis after the batch the first index, the step, and the number of elements. */
export type AxisRange = readonly [start: number, step: number, count: number];

/** Returns part of `x`. A step may be negative. */
export function strided(builder: Builder, x: SymbolicTensor, ranges: readonly AxisRange[]): SymbolicTensor {
  const shape = ranges.map(([, , count]) => count);
  const y = builder.like(x, shape);
  const strides = stridesOf(x.rowShape);
  const lead = x.repeat === null ? [] : [strides[0] as number];
  const own = strides.slice(lead.length);
  copy(builder, x, y, {
    shape: y.rowShape,
    xOffset: ranges.reduce((sum, [start], axis) => sum + start * (own[axis] as number), 0),
    xStrides: [...lead, ...ranges.map(([, step], axis) => step * (own[axis] as number))],
    yOffset: 0,
    yStrides: stridesOf(y.rowShape),
  });
  return y;
}

/** Returns the whole of each axis of `x`, for `strided`. */
export function wholeRanges(x: SymbolicTensor): AxisRange[] {
  return x.shape.map((size) => [0, 1, size]);
}

/** Returns `x` with the elements along an axis after the batch in the reverse order. */
export function reversed(builder: Builder, x: SymbolicTensor, axis: number): SymbolicTensor {
  const size = x.shape[axis] as number;
  return strided(
    builder,
    x,
    wholeRanges(x).map((range, index) => (index === axis ? [size - 1, -1, size] : range)),
  );
}

/** Returns `x` with its axes after the batch in another order: axis `i` of the result is axis `order[i]` of `x`. */
export function permuted(builder: Builder, x: SymbolicTensor, order: readonly number[]): SymbolicTensor {
  if (order.every((axis, index) => axis === index)) return x.as({});
  const y = builder.like(
    x,
    order.map((axis) => x.shape[axis] as number),
  );
  const strides = stridesOf(x.rowShape);
  const lead = x.repeat === null ? [] : [strides[0] as number];
  const own = strides.slice(lead.length);
  copy(builder, x, y, {
    shape: y.rowShape,
    xOffset: 0,
    xStrides: [...lead, ...order.map((axis) => own[axis] as number)],
    yOffset: 0,
    yStrides: stridesOf(y.rowShape),
  });
  return y;
}

/** Puts `x` into `y` at these indices of the axes after the batch. */
export function putAt(builder: Builder, x: SymbolicTensor, y: SymbolicTensor, starts: readonly number[]): void {
  const strides = stridesOf(y.rowShape);
  const own = y.repeat === null ? strides : strides.slice(1);
  copy(builder, x, y, {
    shape: x.rowShape,
    xOffset: 0,
    xStrides: stridesOf(x.rowShape),
    yOffset: starts.reduce((sum, start, axis) => sum + start * (own[axis] as number), 0),
    yStrides: strides,
  });
}

/** Returns `tensors`, which have one dtype, one after the other along an axis after the batch. */
export function concatenated(builder: Builder, tensors: readonly SymbolicTensor[], axis: number): SymbolicTensor {
  const [first] = tensors as [SymbolicTensor];
  const sizes = tensors.map(({ shape }) => shape[axis] as number);
  const y = builder.like(
    first,
    replaced(
      first.shape,
      axis,
      sizes.reduce((sum, size) => sum + size, 0),
    ),
  );
  let start = 0;
  tensors.forEach((tensor, index) => {
    putAt(
      builder,
      tensor,
      y,
      y.shape.map((_, at) => (at === axis ? start : 0)),
    );
    start += sizes[index] as number;
  });
  return y;
}

/** Returns `x` with `value` before and after its elements along each axis after the batch. */
export function padded(
  builder: Builder,
  x: SymbolicTensor,
  pads: readonly (readonly [before: number, after: number])[],
  value: number,
): SymbolicTensor {
  const y = builder.like(
    x,
    x.shape.map((size, axis) => size + (pads[axis]?.[0] ?? 0) + (pads[axis]?.[1] ?? 0)),
  );
  filled(builder, y, value);
  putAt(
    builder,
    x,
    y,
    pads.map(([before]) => before),
  );
  return y;
}

/** Sets all elements of `y` to `value`, rounded to the dtype. */
export function filled(builder: Builder, y: SymbolicTensor, value: number): SymbolicTensor {
  builder.emit("fill", {}, { y }, { value: inDtype(value, y.dtype), repeat: 1 });
  return y;
}

/** Returns `x` with each element along an axis after the batch `times` times in a row. */
export function repeated(builder: Builder, x: SymbolicTensor, axis: number, times: number): SymbolicTensor {
  const y = builder.like(x, replaced(x.shape, axis, (x.shape[axis] as number) * times));
  const strides = stridesOf(x.rowShape);
  const lead = x.repeat === null ? 0 : 1;
  const at = axis + lead + 1;
  copy(builder, x, y, {
    shape: [...x.rowShape.slice(0, at), times, ...x.rowShape.slice(at)],
    xOffset: 0,
    xStrides: [...strides.slice(0, at), 0, ...strides.slice(at)],
    yOffset: 0,
    yStrides: stridesOf([...x.rowShape.slice(0, at), times, ...x.rowShape.slice(at)]),
  });
  return y;
}

/** Returns `x` with its axes of length 1 after the batch as long as `shape` says, by repeating their element. */
export function broadcastTo(builder: Builder, x: SymbolicTensor, shape: readonly number[]): SymbolicTensor {
  if (shape.length === x.shape.length && shape.every((size, axis) => size === x.shape[axis])) return x.as({});
  const y = builder.like(x, shape);
  const wide = x.as({ shape: [...new Array<number>(shape.length - x.shape.length).fill(1), ...x.shape] });
  const strides = stridesOf(wide.rowShape);
  copy(builder, wide, y, {
    shape: y.rowShape,
    xOffset: 0,
    xStrides: wide.rowShape.map((size, axis) => (size === 1 ? 0 : (strides[axis] as number))),
    yOffset: 0,
    yStrides: stridesOf(y.rowShape),
  });
  return y;
}

/** Returns a tensor like `x`, of another shape, whose elements are all `value`. */
export function constantLike(
  builder: Builder,
  x: SymbolicTensor,
  shape: readonly number[],
  value: number,
): SymbolicTensor {
  return filled(builder, builder.like(x, shape), value);
}

/** Returns `shape` with another size of one axis. */
export function replaced(shape: readonly number[], axis: number, size: number): number[] {
  return shape.map((old, index) => (index === axis ? size : old));
}

/** Returns a tensor of truths like `x`, which are all true. */
export function allTrue(builder: Builder, x: SymbolicTensor, shape: readonly number[]): SymbolicTensor {
  return broadcastTo(builder, scalar(builder, 1, "bool").as({ shape: shape.map(() => 1) }), shape).as({
    repeat: x.repeat,
  });
}
