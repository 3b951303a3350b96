import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import { product, type SymbolicTensor } from "../compile/symbolic.js";
import type { Tensors } from "../compile/values.js";
import { permuted } from "../emit/movement.js";
import { type CallArguments, Layer } from "./layer.js";

/** Keras's Flatten. It loses the mask. */
export class FlattenLayer extends Layer {
  override call(builder: Builder, args: CallArguments): Tensors {
    const x = this.input(args);
    const isFirst = this.config.oneOf("data_format", "channels_last", ["channels_last", "channels_first"]);
    const last = isFirst === "channels_first" && x.shape.length > 1 ? channelsToEnd(builder, x) : x;
    return last.as({ shape: [product(x.shape)] });
  }
}

/** Returns `x` with its first axis after the batch as the last one. */
function channelsToEnd(builder: Builder, x: SymbolicTensor): SymbolicTensor {
  return permuted(builder, x, [...x.shape.keys()].slice(1).concat(0));
}

/** Keras's Reshape. It loses the mask. */
export class ReshapeLayer extends Layer {
  readonly #target = this.config.axes("target_shape", []);

  override causality([x]: readonly SymbolicTensor[]): Causality {
    const [steps, ...rest] = this.#target;
    return steps === -1 && product(rest) === product(x?.shape.slice(1) ?? [])
      ? "pointwise"
      : needsWhole("moves the timesteps");
  }

  override call(_builder: Builder, args: CallArguments): Tensors {
    const x = this.input(args);
    const shape = resolvedShape(product(x.shape), this.#target);
    if (shape === null)
      throw this.shapeError(`as many elements as \`target_shape\` [${this.#target.join(", ")}] has`, x);
    return x.as({ shape });
  }
}

/** Returns `target` with its one -1 replaced by the size that makes it `count` elements; `null` when there is none. */
export function resolvedShape(count: number, target: readonly number[]): number[] | null {
  const known = product(target.filter((size) => size !== -1));
  const unknown = target.filter((size) => size === -1).length;
  if (unknown > 1 || target.some((size) => size < -1)) return null;
  if (unknown === 0) return known === count ? [...target] : null;
  if (known === 0 || count % known !== 0) return null;
  return target.map((size) => (size === -1 ? count / known : size));
}
