import type { SymbolicTensor } from "../compile/symbolic.js";
import { isTensor, type Tensors } from "../compile/values.js";
import { constantOf } from "../emit/constants.js";
import { cast, select } from "../emit/elementwise.js";
import { type AxisRange, concatenated, strided, wholeRanges } from "../emit/movement.js";
import { withBatchAxis, withFirstAsBatch } from "../emit/whole.js";
import { ArrayArgument, EllipsisArgument, SliceArgument } from "../graph/arguments.js";
import { readNumbers } from "../graph/numbers.js";
import type { OperationArguments } from "./arguments.js";
import { type OperationDefinition, operation } from "./operation.js";

/** One entry of an index: an axis to take from, or a new axis. */
type IndexEntry = { readonly range: AxisRange; readonly keeps: boolean } | "new axis";

/** Returns the part of a tensor that Python's `x[key]` is. */
export function indexed(call: OperationArguments, x: SymbolicTensor, key: unknown): SymbolicTensor {
  const list: unknown[] = Array.isArray(key) ? key : [key];
  const entries = entriesOf(call, x, list);
  const [first] = entries;
  const takesWholeBatch = first !== undefined && first !== "new axis" && isWhole(first, x.rowShape[0] as number);
  const tensor = x.repeat !== null && takesWholeBatch ? x : withBatchAxis(call.builder, x);
  const own = tensor.repeat === null ? entries : entries.slice(1);
  const axes = own.filter((entry) => entry !== "new axis");
  const part = strided(
    call.builder,
    tensor,
    axes.map(({ range }) => range),
  );
  let axis = 0;
  const shape = own.flatMap((entry) => {
    if (entry === "new axis") return [1];
    const size = part.shape[axis] as number;
    axis += 1;
    return entry.keeps ? [size] : [];
  });
  return withFirstAsBatch(part.as({ shape }));
}

function isWhole({ range: [start, step, count], keeps }: Exclude<IndexEntry, string>, size: number): boolean {
  return keeps && start === 0 && step === 1 && count === size;
}

/** Reads the entries of an index, with one for every axis. */
function entriesOf(call: OperationArguments, x: SymbolicTensor, list: readonly unknown[]): IndexEntry[] {
  const taken = list.filter((item) => item !== null && !(item instanceof EllipsisArgument)).length;
  const ellipses = list.filter((item) => item instanceof EllipsisArgument).length;
  if (taken > x.rank || ellipses > 1) throw call.wrong("key", `an index of ${x.rank} axes`, "ERR_SHAPE");
  const full = ellipses === 0 ? [...list, new EllipsisArgument()] : list;
  let axis = 0;
  const whole = (): IndexEntry => {
    const size = x.rowShape[axis] as number;
    axis += 1;
    return { range: [0, 1, size], keeps: true };
  };
  return full.flatMap((item): IndexEntry[] => {
    if (item === null) return ["new axis"];
    if (item instanceof EllipsisArgument) return Array.from({ length: x.rank - taken }, whole);
    const size = x.rowShape[axis] as number;
    // The size of the batch is not known in a divided program, where only all of it can be taken.
    if (axis === 0 && x.repeat !== null && !isAll(item)) call.builder.requireWhole();
    axis += 1;
    if (item instanceof SliceArgument) return [{ range: sliceRange(call, item, size), keeps: true }];
    if (typeof item !== "number" || !Number.isSafeInteger(item)) throw call.wrong("key", "slices and integers");
    const index = item < 0 ? item + size : item;
    if (index < 0 || index >= size) throw call.wrong("key", `an index below ${size}`, "ERR_SHAPE");
    return [{ range: [index, 1, 1], keeps: false }];
  });
}

function isAll(item: unknown): boolean {
  return item instanceof SliceArgument && (item.start ?? 0) === 0 && item.stop === null && (item.step ?? 1) === 1;
}

/** Returns which elements Python's slice takes of an axis. */
function sliceRange(call: OperationArguments, slice: SliceArgument, size: number): AxisRange {
  const read = (value: unknown): number | null => {
    if (value === null) return null;
    if (typeof value === "number" && Number.isSafeInteger(value)) return value;
    throw call.wrong("key", "slices of integers");
  };
  const step = read(slice.step) ?? 1;
  if (step === 0) throw call.wrong("key", "a step that is not 0");
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const limit = (value: number) => Math.min(Math.max(value < 0 ? value + size : value, low), high);
  const given = read(slice.start);
  const end = read(slice.stop);
  const start = given === null ? (step > 0 ? low : high) : limit(given);
  const stop = end === null ? (step > 0 ? high : low) : limit(end);
  return [start, step, Math.max(0, Math.ceil((stop - start) / step))];
}

const getItem = operation(["x", "key"], (call) => indexed(call, call.tensor("x"), call.raw("key")));

const slice = operation(["inputs", "start_indices", "shape"], (call) => {
  const x = call.tensor("inputs");
  const starts = call.integers("start_indices") ?? [];
  const sizes = call.raw("shape");
  if (!Array.isArray(sizes) || sizes.length !== x.rank || starts.length !== x.rank) {
    throw call.wrong("shape", "a size for each axis", "ERR_SHAPE");
  }
  const key = starts.map((start, axis) => {
    const size: unknown = sizes[axis];
    return new SliceArgument(start, size === null || size === -1 ? null : start + (size as number), null);
  });
  return indexed(call, x, key);
});

/** Takes elements by constant indices, or by a tensor of indices where the other operand is a table of numbers. */
const take = operation(["x", "indices", "axis"], (call): Tensors => {
  const x = call.tensor("x");
  const given = call.raw("indices");
  const axis = call.axis("axis", x.rank, 0);
  if (isTensor(given)) return takeFromTable(call, x, cast(call.builder, given, "int32"), axis);
  const read = readNumbers(given instanceof ArrayArgument ? given.value : given);
  if (read === null || read.shape.length > 1) throw call.wrong("indices", "a list of integers");
  if (axis === 0 && x.repeat !== null) call.builder.requireWhole();
  const tensor = axis === 0 ? withBatchAxis(call.builder, x) : x;
  const own = tensor.repeat === null ? axis : axis - 1;
  const size = tensor.shape[own] as number;
  const pieces = read.values.map((index) => {
    const at = index < 0 ? index + size : index;
    if (!(at >= 0 && at < size)) throw call.wrong("indices", `indices below ${size}`, "ERR_SHAPE");
    const ranges = wholeRanges(tensor).map((range, each) => (each === own ? ([at, 1, 1] as const) : range));
    return strided(call.builder, tensor, ranges);
  });
  const [first] = pieces;
  if (first === undefined) throw call.wrong("indices", "at least one index");
  const y =
    read.shape.length === 0
      ? first.as({ shape: first.shape.filter((_, each) => each !== own) })
      : concatenated(call.builder, pieces, own);
  return withFirstAsBatch(y);
});

function takeFromTable(
  call: OperationArguments,
  x: SymbolicTensor,
  indices: SymbolicTensor,
  axis: number,
): SymbolicTensor {
  const [vocabulary, ...rest] = x.shape;
  if (x.storage.constant === null || x.repeat !== null || axis !== 0 || vocabulary === undefined) {
    throw call.unsupported("indices that the model computes can only take rows of an array of constants");
  }
  const units = rest.reduce((all, size) => all * size, 1);
  const y = call.builder.like(indices, [...indices.shape, ...rest], x.dtype);
  const repeat = indices.rowShape.reduce((all, size) => all * size, 1);
  const fields = { vocabulary, units, name: `operation ${call.entry.name}`, repeat };
  call.builder.emit("embedding", { x: indices, table: x }, { y }, fields);
  return y;
}

const oneHot = operation(["x", "num_classes", "axis", "dtype"], (call) => {
  const { builder } = call;
  const x = cast(builder, call.tensor("x"), "int32");
  const count = call.integer("num_classes");
  if (call.integer("axis", -1) !== -1) throw call.wrong("axis", "-1");
  const dtype = call.dtype("dtype") ?? "float32";
  const classes = constantOf(
    builder,
    Array.from({ length: count }, (_, index) => index),
    [count],
    "int32",
  );
  const y = builder.tensor([...x.shape, count], "bool", x.repeat);
  const repeated = x.as({ shape: [...x.shape, 1] });
  const items = x.rowShape.reduce((all, size) => all * size, 1);
  builder.emit(
    "binary",
    { a: repeated, b: classes },
    { y },
    { fn: "equal", shape: [items, count], aStrides: [1, 0], bStrides: [0, 1], repeat: 1 },
  );
  return cast(builder, y, dtype);
});

/** Keeps one triangle of the last two axes. */
function triangle(kept: (row: number, column: number, k: number) => boolean): OperationDefinition {
  return operation(["x", "k"], (call) => {
    const { builder } = call;
    const x = call.tensor("x");
    const k = call.integer("k", 0);
    const [rows, columns] = x.shape.slice(-2) as [number, number];
    if (x.shape.length < 2) throw call.wrong("x", "a tensor of at least 3 axes", "ERR_SHAPE");
    const mask = Array.from({ length: rows * columns }, (_, index) =>
      Number(kept(Math.floor(index / columns), index % columns, k)),
    );
    const leading = x.rowShape.slice(0, -2).map(() => 1);
    const condition = constantOf(builder, mask, [...leading, rows, columns], "bool");
    const zero = constantOf(builder, [0], [...leading, 1, 1], x.dtype);
    return select(builder, condition, x, zero);
  });
}

/** Operations that take elements, by the names of their classes. */
export const INDEXING: Readonly<Record<string, OperationDefinition>> = {
  "core.Slice": slice,
  "nn.OneHot": oneHot,
  "numpy.GetItem": getItem,
  "numpy.Take": take,
  "numpy.Tril": triangle((row, column, k) => column - row <= k),
  "numpy.Triu": triangle((row, column, k) => column - row >= k),
};
