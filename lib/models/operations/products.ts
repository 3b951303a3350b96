import { product, type SymbolicTensor } from "../compile/symbolic.js";
import { cast } from "../emit/elementwise.js";
import { broadcastTo } from "../emit/movement.js";
import { matmul } from "../emit/products.js";
import { withBatchAxis, withFirstAsBatch } from "../emit/whole.js";
import { unitNormalized } from "../layers/normalizations.js";
import type { OperationArguments } from "./arguments.js";
import { floatDtype } from "./dtypes.js";
import { type OperationDefinition, operation } from "./operation.js";

/** Returns a @ b as NumPy computes it, over the last two axes, with the others broadcast. */
export function matrixProduct(
  call: OperationArguments,
  a: SymbolicTensor,
  b: SymbolicTensor,
  transposes: { readonly a: boolean; readonly b: boolean } = { a: false, b: false },
): SymbolicTensor {
  if (transposes.a) throw call.unsupported("expected a first operand that is not transposed");
  if (a.rank === 2 && b.rank === 2 && a.repeat !== null && b.repeat === null) {
    return product2(call, a.as({ shape: [1, ...a.shape] }), b, transposes.b);
  }
  const isBatched = a.repeat !== null && b.repeat !== null && a.shape.length >= 2 && a.rank === b.rank;
  if (isBatched) return batched(call, a, b, transposes.b);
  if (a.repeat !== null && a.shape.length >= 2 && b.repeat === null && b.rank === 2) {
    const rows = product(a.shape.slice(0, -1));
    const y = product2(call, a.as({ shape: [rows, a.shape.at(-1) as number] }), b, transposes.b);
    return y.as({ shape: [...a.shape.slice(0, -1), y.shape.at(-1) as number] });
  }
  // The batch of one operand meets rows or columns of the other.
  const [left, right] = [withBatchAxis(call.builder, a), withBatchAxis(call.builder, b)];
  if (left.rank < 2 || right.rank < 2) throw call.unsupported("a product of vectors is not supported");
  return withFirstAsBatch(batched(call, left, right, transposes.b));
}

/** One matrix for all items. */
function product2(call: OperationArguments, a: SymbolicTensor, b: SymbolicTensor, transposed: boolean): SymbolicTensor {
  requireDepth(call, a, b, transposed);
  const y = matmul(call.builder, a, b, transposed ? "transposed" : "plain");
  const [rows] = a.shape;
  return rows === 1 ? y.as({ shape: y.shape.slice(1) }) : y;
}

function batched(call: OperationArguments, a: SymbolicTensor, b: SymbolicTensor, transposed: boolean): SymbolicTensor {
  requireDepth(call, a, b, transposed);
  const outer = (x: SymbolicTensor) => x.shape.slice(0, -2);
  const rank = Math.max(outer(a).length, outer(b).length);
  const wide = (x: SymbolicTensor) => [...new Array<number>(rank - outer(x).length).fill(1), ...outer(x)];
  const common = wide(a).map((size, axis) => Math.max(size, wide(b)[axis] as number));
  const fits = [a, b].every((x) => wide(x).every((size, axis) => size === 1 || size === common[axis]));
  if (!fits) throw call.wrong("x2", "axes that can be broadcast", "ERR_SHAPE");
  const whole = (x: SymbolicTensor) => broadcastTo(call.builder, x, [...common, ...x.shape.slice(-2)]);
  return matmul(call.builder, whole(a), whole(b), transposed ? "transposed" : "plain");
}

function requireDepth(call: OperationArguments, a: SymbolicTensor, b: SymbolicTensor, transposed: boolean): void {
  if (a.shape.at(-1) === b.shape.at(transposed ? -1 : -2)) return;
  throw call.wrong("x2", `a matrix of ${a.shape.at(-1)} rows`, "ERR_SHAPE");
}

const multiply = operation(["x1", "x2"], (call) => {
  const [a, b] = call.promoted(["x1", "x2"], floatDtype) as [SymbolicTensor, SymbolicTensor];
  return matrixProduct(call, a, b);
});

const normalize = operation(["x", "axis", "order", "epsilon"], (call) => {
  const given = call.tensor("x");
  const x = cast(call.builder, given, floatDtype(given.dtype));
  if (call.integer("order", 2) !== 2) throw call.wrong("order", "2");
  const axes = (call.axes("axis", x.rank, -1) as number[]).map((axis) => {
    if (axis === 0 && x.repeat !== null) throw call.wrong("axis", "an axis after the batch");
    return x.repeat === null ? axis : axis - 1;
  });
  return unitNormalized(call.builder, x, axes, (call.raw("epsilon") ?? null) === null ? 1e-7 : call.number("epsilon"));
});

/** Products, by the names of their classes. */
export const PRODUCTS: Readonly<Record<string, OperationDefinition>> = {
  "numpy.Dot": multiply,
  "numpy.Matmul": multiply,
  "nn.Normalize": normalize,
};
