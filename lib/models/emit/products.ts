import type { NativeActivation } from "../../native/binding.js";
import type { NativeMatrix } from "../../native/program_values.js";
import type { Builder } from "../compile/builder.js";
import { product, type SymbolicTensor } from "../compile/symbolic.js";

/** Returns `activation(x @ kernel + bias)` over the last axis of `x`. The kernel and the bias are in `matrix`. */
export function dense(
  builder: Builder,
  x: SymbolicTensor,
  { matrix, columns }: { readonly matrix: NativeMatrix; readonly columns: number },
  activation: NativeActivation | null,
): SymbolicTensor {
  const y = builder.like(x, [...x.shape.slice(0, -1), columns]);
  builder.emit("dense", { x }, { y }, { matrix, activation, repeat: product(x.rowShape.slice(0, -1)) });
  return y;
}

/**
 * Returns a @ b over the last two axes of `a` and `b`, whose other axes are the same. `b` may be stored with its last two
 * axes the other way round.
 */
export function matmul(
  builder: Builder,
  a: SymbolicTensor,
  b: SymbolicTensor,
  order: "plain" | "transposed" = "plain",
): SymbolicTensor {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const transposeB = order === "transposed";
  const n = b.shape.at(transposeB ? -2 : -1) as number;
  const y = builder.like(a, [...a.shape.slice(0, -2), m, n]);
  const fields = { batch: [], aStrides: [], bStrides: [], m, k, n, transposeA: false, transposeB, scale: 1 };
  builder.emit("matmul", { a, b }, { y }, { ...fields, repeat: product(a.rowShape.slice(0, -2)) });
  return y;
}
