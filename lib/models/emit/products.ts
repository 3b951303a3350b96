import type { NativeActivation } from "../../native/binding.js";
import type { NativeMatrix } from "../../native/instructions.js";
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
