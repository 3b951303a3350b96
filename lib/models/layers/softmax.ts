import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import { product, type SymbolicTensor } from "../compile/symbolic.js";
import { isTensor, type Tensors } from "../compile/values.js";
import { binary, scalar, select } from "../emit/elementwise.js";
import { permuted } from "../emit/movement.js";
import { itemAxis } from "./axes.js";
import { type CallArguments, Layer } from "./layer.js";

/** Keras's Softmax over one axis or several, with masked elements left out. */
export class SoftmaxLayer extends Layer {
  readonly #axes = this.config.axes("axis", [-1]);

  override get signature(): readonly string[] {
    return ["inputs", "mask"];
  }

  override get supportsMasking(): boolean {
    return true;
  }

  override causality([x]: readonly SymbolicTensor[]): Causality {
    const mixesSteps = x !== undefined && this.#axes.some((axis) => itemAxis(this, axis, x.rank) === 0);
    return mixesSteps ? needsWhole("combines timesteps") : "pointwise";
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const given = this.input(args);
    const axes = [...new Set(this.#axes.map((axis) => itemAxis(this, axis, given.rank)))];
    const { mask } = args;
    if (!isTensor(mask)) return softmaxOver(builder, given, axes);
    if (mask.rank > given.rank) throw this.shapeError("a mask of no more axes than the inputs", mask, "mask");
    const kept =
      mask.dtype === "bool" ? mask : binary(builder, "greater", mask, scalar(builder, 0.5, mask.dtype), "bool");
    const low = given.dtype === "float16" ? -3e4 : -1e9;
    const y = softmaxOver(builder, select(builder, kept, given, scalar(builder, low, given.dtype)), axes);
    return select(builder, kept, y, scalar(builder, 0, y.dtype));
  }
}

/** Returns the softmax of `x` over these axes after the batch together. */
export function softmaxOver(builder: Builder, x: SymbolicTensor, axes: readonly number[]): SymbolicTensor {
  const [axis] = axes;
  if (axis !== undefined && axes.length === 1) return softmax(builder, x, axis);
  const others = [...x.shape.keys()].filter((one) => !axes.includes(one));
  const order = [...others, ...axes];
  const moved = permuted(builder, x, order);
  const joined = moved.as({
    shape: [...others.map((one) => x.shape[one] as number), product(axes.map((one) => x.shape[one] as number))],
  });
  const y = softmax(builder, joined, others.length).as({ shape: moved.shape });
  return permuted(
    builder,
    y,
    order.map((_, one) => order.indexOf(one)),
  );
}

function softmax(builder: Builder, x: SymbolicTensor, axis: number): SymbolicTensor {
  const y = builder.like(x, x.shape);
  const outer = product(x.rowShape.slice(0, axis + x.rank - x.shape.length));
  const inner = product(x.shape.slice(axis + 1));
  builder.emit("softmax", { x }, { y }, { kind: "softmax", outer, axis: x.shape[axis], inner, repeat: 1 });
  return y;
}
