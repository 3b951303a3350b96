import type { Builder } from "../compile/builder.js";
import { product, type SymbolicTensor } from "../compile/symbolic.js";
import type { Masks, Tensors } from "../compile/values.js";
import { permuted } from "../emit/movement.js";
import { matmul } from "../emit/products.js";
import { itemAxis } from "./axes.js";
import { type CallArguments, Layer } from "./layer.js";
import { unitNormalized } from "./normalizations.js";

/** Keras's `epsilon()`, the least norm that `normalize` divides by. */
const EPSILON = 1e-7;

/** Keras's Dot: products over one axis of each of two tensors. It loses the mask. */
export class DotLayer extends Layer {
  readonly #axes = this.config.axes("axes", []);
  readonly #normalize = this.config.boolean("normalize", false);

  override get supportsMasking(): boolean {
    return true;
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const inputs = this.tensorList(args.inputs, "inputs");
    const [a, b] = inputs;
    if (a === undefined || b === undefined || inputs.length > 2) {
      throw this.failure("ERR_SHAPE", "inputs", "two tensors", `${inputs.length}`);
    }
    const [first, second = first] = this.#axes;
    if (first === undefined || second === undefined || this.#axes.length > 2) {
      throw this.config.wrong("axes", "one axis or two");
    }
    const axes = [itemAxis(this, first, a.rank), itemAxis(this, second, b.rank)] as const;
    if (a.shape[axes[0]] !== b.shape[axes[1]]) throw this.shapeError(`${a.shape[axes[0]]} elements on its axis`, b);
    return this.#product(builder, this.#unit(builder, a, axes[0]), this.#unit(builder, b, axes[1]), axes);
  }

  #unit(builder: Builder, x: SymbolicTensor, axis: number): SymbolicTensor {
    return this.#normalize ? unitNormalized(builder, x, [axis], EPSILON) : x;
  }

  #product(builder: Builder, a: SymbolicTensor, b: SymbolicTensor, axes: readonly [number, number]): SymbolicTensor {
    const depth = a.shape[axes[0]] as number;
    const left = without(a.shape, axes[0]);
    const right = without(b.shape, axes[1]);
    const last = permuted(builder, a, [...others(a, axes[0]), axes[0]]).as({ shape: [product(left), depth] });
    const keys = permuted(builder, b, [...others(b, axes[1]), axes[1]]).as({ shape: [product(right), depth] });
    const y = matmul(builder, last, keys, "transposed");
    const shape = [...left, ...right];
    return y.as({ shape: shape.length === 0 ? [1] : shape });
  }

  override computeMask(): Masks | null {
    return null;
  }
}

function others(x: SymbolicTensor, axis: number): number[] {
  return [...x.shape.keys()].filter((one) => one !== axis);
}

function without(shape: readonly number[], axis: number): number[] {
  return shape.filter((_, one) => one !== axis);
}
