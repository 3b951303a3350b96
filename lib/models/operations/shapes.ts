import { product, type SymbolicTensor } from "../compile/symbolic.js";
import { broadcastTo, permuted, reversed } from "../emit/movement.js";
import { onAxes, withBatchAxis, withFirstAsBatch } from "../emit/whole.js";
import type { OperationArguments } from "./arguments.js";
import { type OperationDefinition, operation } from "./operation.js";

/** Returns the sizes in an argument. `null` stands for a size that Keras did not know. */
function sizes(call: OperationArguments, name: string): (number | null)[] {
  const value = call.raw(name);
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const fits = list.every(
    (size) => size === null || (typeof size === "number" && Number.isSafeInteger(size) && size >= -1),
  );
  if (fits) return list as (number | null)[];
  throw call.wrong(name, "a shape");
}

const reshape = operation(["x", "newshape"], (call) => {
  const x = call.tensor("x");
  const given = sizes(call, call.raw("newshape") === undefined ? "shape" : "newshape").map((size) => size ?? -1);
  const [first, ...rest] = given;
  const count = product(x.shape);
  const keepsBatch = x.repeat !== null && first === -1 && resolved(count, rest) !== null;
  if (keepsBatch) return x.as({ shape: resolved(count, rest) as number[] });
  if (x.repeat === null) return x.as({ shape: resolved(count, given) ?? fail(call) });
  // The new first axis is not the batch, or its size is written out.
  const whole = withBatchAxis(call.builder, x);
  return withFirstAsBatch(whole.as({ shape: resolved(product(whole.shape), given) ?? fail(call) }));
});

function fail(call: OperationArguments): never {
  throw call.wrong("x", "as many elements as the new shape has", "ERR_SHAPE");
}

/** Returns `shape` with its one -1 replaced by the size that makes it `count` elements; `null` when there is none. */
function resolved(count: number, shape: readonly number[]): number[] | null {
  const known = product(shape.filter((size) => size !== -1));
  const unknown = shape.filter((size) => size === -1).length;
  if (unknown > 1) return null;
  if (unknown === 0) return known === count ? [...shape] : null;
  return known === 0 || count % known !== 0 ? null : shape.map((size) => (size === -1 ? count / known : size));
}

const expandDims = operation(["x", "axis"], (call) => {
  const x = call.tensor("x");
  const axes = (call.integers("axis") ?? []).map((axis) => call.resolved(axis, x.rank + 1));
  const [axis] = axes;
  if (axis === undefined || axes.length > 1) throw call.wrong("axis", "one axis");
  if (x.repeat !== null && axis > 0)
    return x.as({ shape: [...x.shape.slice(0, axis - 1), 1, ...x.shape.slice(axis - 1)] });
  const whole = withBatchAxis(call.builder, x);
  return withFirstAsBatch(whole.as({ shape: [...whole.shape.slice(0, axis), 1, ...whole.shape.slice(axis)] }));
});

const squeeze = operation(["x", "axis"], (call) => {
  const x = call.tensor("x");
  const lead = x.repeat === null ? 0 : 1;
  const ones = x.shape.flatMap((size, axis) => (size === 1 ? [axis + lead] : []));
  const axes = call.axes("axis", x.rank) ?? ones;
  return onAxes(call.builder, x, axes, (tensor, own) => {
    if (own.some((axis) => tensor.shape[axis] !== 1)) throw call.wrong("axis", "axes of length 1", "ERR_SHAPE");
    return tensor.as({ shape: tensor.shape.filter((_, axis) => !own.includes(axis)) });
  });
});

/** Puts the axes of `x`, the batch among them, into another order. */
export function transposed(call: OperationArguments, x: SymbolicTensor, order: readonly number[]): SymbolicTensor {
  const isOrder = order.length === x.rank && new Set(order).size === x.rank && order.every((axis) => axis < x.rank);
  if (!isOrder) throw call.wrong("axes", `an order of ${x.rank} axes`, "ERR_SHAPE");
  if (x.repeat !== null && order[0] === 0) {
    return permuted(
      call.builder,
      x,
      order.slice(1).map((axis) => axis - 1),
    );
  }
  return withFirstAsBatch(permuted(call.builder, withBatchAxis(call.builder, x), order));
}

const transpose = operation(["x", "axes"], (call) => {
  const x = call.tensor("x");
  const backwards = Array.from({ length: x.rank }, (_, axis) => x.rank - 1 - axis);
  const name = call.raw("perm") === undefined ? "axes" : "perm";
  return transposed(call, x, call.axes(name, x.rank) ?? backwards);
});

const swapaxes = operation(["x", "axis1", "axis2"], (call) => {
  const x = call.tensor("x");
  const one = call.axis("axis1", x.rank);
  const other = call.axis("axis2", x.rank);
  const order = Array.from({ length: x.rank }, (_, axis) => (axis === one ? other : axis === other ? one : axis));
  return transposed(call, x, order);
});

const moveaxis = operation(["x", "source", "destination"], (call) => {
  const x = call.tensor("x");
  const sources = call.axes("source", x.rank) ?? [];
  const destinations = call.axes("destination", x.rank) ?? [];
  if (sources.length !== destinations.length)
    throw call.wrong("destination", "as many axes as `source` has", "ERR_SHAPE");
  const others = Array.from({ length: x.rank }, (_, axis) => axis).filter((axis) => !sources.includes(axis));
  const order = Array.from({ length: x.rank }, (_, place) => {
    const at = destinations.indexOf(place);
    return at < 0 ? (others.shift() as number) : (sources[at] as number);
  });
  return transposed(call, x, order);
});

const flip = operation(["x", "axis"], (call) => {
  const x = call.tensor("x");
  const all = Array.from({ length: x.rank }, (_, axis) => axis);
  return onAxes(call.builder, x, call.axes("axis", x.rank) ?? all, (tensor, own) =>
    own.reduce((y, axis) => reversed(call.builder, y, axis), tensor),
  );
});

const broadcast = operation(["x", "shape"], (call) => {
  const x = call.tensor("x");
  const shape = sizes(call, "shape");
  const fits = (own: readonly number[], wanted: readonly (number | null)[]) =>
    own.length <= wanted.length &&
    own.every((size, axis) => size === 1 || size === (wanted[wanted.length - own.length + axis] ?? size));
  if (x.repeat !== null && shape.length === x.rank && (shape[0] ?? -1) === -1 && fits(x.shape, shape.slice(1))) {
    return broadcastTo(
      call.builder,
      x,
      shape.slice(1).map((size, axis) => size ?? (x.shape[axis] as number)),
    );
  }
  const whole = withBatchAxis(call.builder, x);
  if (!fits(whole.shape, shape)) throw call.wrong("x", "a shape that can be broadcast", "ERR_SHAPE");
  const offset = shape.length - whole.shape.length;
  const target = shape.map((size, axis) => size ?? whole.shape[axis - offset] ?? 1);
  return withFirstAsBatch(broadcastTo(call.builder, whole, target));
});

const ravel = operation(["x"], (call) => {
  const whole = withBatchAxis(call.builder, call.tensor("x"));
  return withFirstAsBatch(whole.as({ shape: [product(whole.shape)] }));
});

/** Operations that only rearrange axes, by the names of their classes. */
export const SHAPES: Readonly<Record<string, OperationDefinition>> = {
  "numpy.BroadcastTo": broadcast,
  "numpy.ExpandDims": expandDims,
  "numpy.Flip": flip,
  "numpy.Moveaxis": moveaxis,
  "numpy.Ravel": ravel,
  "numpy.Reshape": reshape,
  "numpy.Squeeze": squeeze,
  "numpy.Swapaxes": swapaxes,
  "numpy.Transpose": transpose,
};
