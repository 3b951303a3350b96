import type { SymbolicTensor } from "../compile/symbolic.js";
import { cast } from "../emit/elementwise.js";
import { concatenated, filled, padded, putAt, repeated, replaced, strided, wholeRanges } from "../emit/movement.js";
import { onAxes, withBatchAxis, withFirstAsBatch } from "../emit/whole.js";
import type { OperationArguments } from "./arguments.js";
import { resultDtype } from "./dtypes.js";
import { type OperationDefinition, operation } from "./operation.js";

/** Returns tensors in the dtype that they have together, with the batch as an ordinary axis if `axis` is the batch. */
function alike(call: OperationArguments, given: readonly SymbolicTensor[], axis: number): SymbolicTensor[] {
  const dtype = resultDtype(given.map((tensor) => tensor.dtype));
  const isConstant = ({ repeat, storage }: SymbolicTensor) => repeat === null && storage.constant !== null;
  const mixes = axis === 0 || given.some((tensor) => isConstant(tensor) !== isConstant(given[0] as SymbolicTensor));
  return given.map((tensor) => {
    const own = cast(call.builder, tensor, dtype);
    return mixes ? withBatchAxis(call.builder, own) : own;
  });
}

function requireSame(
  call: OperationArguments,
  name: string,
  tensors: readonly SymbolicTensor[],
  axis: number | null,
): void {
  const [first] = tensors as [SymbolicTensor];
  const fits = tensors.every(
    ({ rowShape }) =>
      rowShape.length === first.rowShape.length &&
      rowShape.every((size, at) => at === axis || size === first.rowShape[at]),
  );
  if (!fits) throw call.wrong(name, "tensors whose other axes are the same", "ERR_SHAPE");
}

const concatenate = operation(["xs", "axis"], (call) => {
  const given = call.tensors("xs");
  const [{ rank }] = given as [SymbolicTensor];
  return joined(call, "xs", given, call.axis("axis", rank, 0));
});

/** Returns tensors one after the other along an axis that counts the batch. */
export function joined(
  call: OperationArguments,
  name: string,
  given: readonly SymbolicTensor[],
  axis: number,
): SymbolicTensor {
  const tensors = alike(call, given, axis);
  requireSame(call, name, tensors, axis);
  const own = (tensors[0] as SymbolicTensor).repeat === null ? axis : axis - 1;
  return withFirstAsBatch(concatenated(call.builder, tensors, own));
}

const stack = operation(["x", "axis"], (call) => {
  const given = call.tensors("x");
  const [{ rank }] = given as [SymbolicTensor];
  const axis = call.axis("axis", rank + 1, 0);
  const tensors = alike(call, given, axis);
  requireSame(call, "x", tensors, null);
  const own = (tensors[0] as SymbolicTensor).repeat === null ? axis : axis - 1;
  const wide = tensors.map((x) => x.as({ shape: [...x.shape.slice(0, own), 1, ...x.shape.slice(own)] }));
  return withFirstAsBatch(concatenated(call.builder, wide, own));
});

const hstack = operation(["xs"], (call) => {
  const given = call.tensors("xs");
  const [{ rank }] = given as [SymbolicTensor];
  return joined(call, "xs", given, rank === 1 ? 0 : 1);
});

const vstack = operation(["xs"], (call) => joined(call, "xs", call.tensors("xs"), 0));

/** Returns parts of `x` along one of its axes, which counts the batch: each from a start, so many elements. */
function parts(
  call: OperationArguments,
  x: SymbolicTensor,
  axis: number,
  ranges: readonly (readonly [start: number, count: number])[],
): SymbolicTensor[] {
  const tensor = axis === 0 ? withBatchAxis(call.builder, x) : x;
  const own = tensor.repeat === null ? axis : axis - 1;
  return ranges.map(([start, count]) =>
    withFirstAsBatch(
      strided(
        call.builder,
        tensor,
        wholeRanges(tensor).map((range, at) => (at === own ? [start, 1, count] : range)),
      ),
    ),
  );
}

function sizeOf(x: SymbolicTensor, axis: number): number {
  return x.rowShape[axis] as number;
}

const split = operation(["x", "indices_or_sections", "axis"], (call) => {
  const x = call.tensor("x");
  const axis = call.axis("axis", x.rank, 0);
  if (axis === 0) call.builder.requireWhole();
  const size = sizeOf(x, axis);
  const given = call.raw("indices_or_sections");
  if (typeof given === "number") {
    if (given < 1 || size % given !== 0) throw call.wrong("indices_or_sections", `a divisor of ${size}`, "ERR_SHAPE");
    const count = size / given;
    return parts(
      call,
      x,
      axis,
      Array.from({ length: given }, (_, index) => [index * count, count] as const),
    );
  }
  const limit = (index: number) => Math.min(Math.max(index < 0 ? index + size : index, 0), size);
  const edges = [0, ...(call.integers("indices_or_sections") ?? []).map(limit), size];
  const ranges = edges.slice(0, -1).map((start, index) => {
    return [start, Math.max(0, (edges[index + 1] as number) - start)] as const;
  });
  return parts(call, x, axis, ranges);
});

const unstack = operation(["x", "num", "axis"], (call) => {
  const x = call.tensor("x");
  const axis = call.axis("axis", x.rank, 0);
  if (axis === 0) call.builder.requireWhole();
  const ranges = Array.from({ length: sizeOf(x, axis) }, (_, index) => [index, 1] as const);
  const tensor = axis === 0 ? withBatchAxis(call.builder, x) : x;
  const own = tensor.repeat === null ? axis : axis - 1;
  return ranges.map(([start]) => {
    const part = strided(
      call.builder,
      tensor,
      wholeRanges(tensor).map((range, at) => (at === own ? [start, 1, 1] : range)),
    );
    return withFirstAsBatch(part.as({ shape: part.shape.filter((_, at) => at !== own) }));
  });
});

const repeat = operation(["x", "repeats", "axis"], (call) => {
  const x = call.tensor("x");
  const times = call.integers("repeats") ?? [];
  if (times.length !== 1) throw call.wrong("repeats", "one number");
  if ((call.raw("axis") ?? null) === null) throw call.wrong("axis", "an axis");
  return onAxes(call.builder, x, [call.axis("axis", x.rank)], (tensor, [axis]) =>
    repeated(call.builder, tensor, axis as number, times[0] as number),
  );
});

const tile = operation(["x", "repeats"], (call) => {
  const x = call.tensor("x");
  const given = call.integers(call.raw("multiples") === undefined ? "repeats" : "multiples") ?? [];
  const rank = Math.max(x.rank, given.length);
  const times = [...new Array<number>(rank - given.length).fill(1), ...given];
  const hasMore = rank > x.rank || times[0] !== 1;
  let y = hasMore ? withBatchAxis(call.builder, x) : x;
  if (rank > x.rank) y = y.as({ shape: [...new Array<number>(rank - x.rank).fill(1), ...y.shape] });
  const own = y.repeat === null ? times : times.slice(1);
  own.forEach((count, axis) => {
    if (count === 1) return;
    const tensor = y;
    y = concatenated(call.builder, Array<SymbolicTensor>(count).fill(tensor), axis);
  });
  return withFirstAsBatch(y);
});

const pad = operation(["x", "pad_width", "mode", "constant_values"], (call) => {
  const x = call.tensor("x");
  if ((call.raw("mode") ?? "constant") !== "constant") throw call.wrong("mode", '"constant"');
  const value = call.number("constant_values", 0);
  const given = call.raw("pad_width");
  const list: unknown[] = Array.isArray(given) ? given : [given];
  const isPair = (item: unknown) => Array.isArray(item) && item.length === 2 && item.every(Number.isSafeInteger);
  const all = list.length === 2 && list.every(Number.isSafeInteger) ? [list] : list;
  const pairs = all.map((item) => (Number.isSafeInteger(item) ? [item, item] : item));
  if (!pairs.every(isPair) || (pairs.length !== 1 && pairs.length !== x.rank))
    throw call.wrong("pad_width", "two numbers for each axis");
  const pads = Array.from(
    { length: x.rank },
    (_, axis) => (pairs.length === 1 ? pairs[0] : pairs[axis]) as [number, number],
  );
  const axes = pads.flatMap(([before, after], axis) => (before === 0 && after === 0 ? [] : [axis]));
  return onAxes(call.builder, x, axes, (tensor) => {
    const own = tensor.shape.length === x.rank ? pads : pads.slice(1);
    return padded(call.builder, tensor, own, value);
  });
});

const roll = operation(["x", "shift", "axis"], (call) => {
  const x = call.tensor("x");
  const [shift] = call.integers("shift") ?? [];
  const [axis] = call.axes("axis", x.rank) ?? [];
  if (shift === undefined || axis === undefined) throw call.wrong("axis", "one axis and one shift");
  return onAxes(call.builder, x, [axis], (tensor, [own]) => {
    const size = tensor.shape[own as number] as number;
    const start = size === 0 ? 0 : ((shift % size) + size) % size;
    const y = filled(call.builder, call.builder.like(tensor, tensor.shape), 0);
    const move = (from: number, count: number, to: number) => {
      if (count === 0) return;
      const ranges = wholeRanges(tensor).map((range, at) => (at === own ? ([from, 1, count] as const) : range));
      const part = strided(call.builder, tensor, ranges);
      putAt(
        call.builder,
        part,
        y,
        replaced(
          tensor.shape.map(() => 0),
          own as number,
          to,
        ),
      );
    };
    move(0, size - start, start);
    move(size - start, start, 0);
    return y;
  });
});

/** Operations that join, divide and repeat tensors, by the names of their classes. */
export const JOINING: Readonly<Record<string, OperationDefinition>> = {
  "core.Unstack": unstack,
  "numpy.Concatenate": concatenate,
  "numpy.Hstack": hstack,
  "numpy.Pad": pad,
  "numpy.Repeat": repeat,
  "numpy.Roll": roll,
  "numpy.Split": split,
  "numpy.Stack": stack,
  "numpy.Tile": tile,
  "numpy.Vstack": vstack,
};
