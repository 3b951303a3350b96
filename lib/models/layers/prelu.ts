import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import { product } from "../compile/symbolic.js";
import type { Tensors } from "../compile/values.js";
import { constantOf } from "../emit/constants.js";
import { type CallArguments, Layer, type LayerSource } from "./layer.js";
import type { WeightSlot } from "./weight_slot.js";

/** Keras's PReLU, whose slopes may be shared along axes. */
export class PreluLayer extends Layer {
  readonly #alpha: WeightSlot;

  constructor(source: LayerSource) {
    super(source);
    this.#alpha = this.weight({ name: "alpha", shape: null });
  }

  override get supportsMasking(): boolean {
    return true;
  }

  override causality(): Causality {
    return this.#alpha.data.shape[0] === 1 ? "pointwise" : needsWhole("has a slope for each timestep");
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const x = this.input(args);
    const { shape } = this.#alpha.data;
    const fits = shape.length === x.shape.length && shape.every((size, axis) => size === 1 || size === x.shape[axis]);
    if (!fits) throw this.shapeError(`inputs that fit the slopes of shape [${shape.join(", ")}]`, x);
    const y = builder.like(x, x.shape);
    builder.emit("prelu", { x, alpha: this.#slopes(builder, x.shape) }, { y }, { repeat: x.repeat });
    return y;
  }

  /** Returns the slopes of a whole item, or of the part of it that repeats. */
  #slopes(builder: Builder, shape: readonly number[]) {
    const own = this.#alpha.data.shape;
    const values = this.#alpha.kernel(this.policy);
    const first = own.findIndex((size) => size !== 1);
    const repeats = first < 0 || own.slice(first).every((size, axis) => size === shape[first + axis]);
    if (repeats) return builder.constant(values, [values.length], this.computeDtype);
    const whole = Array.from({ length: product(shape) }, (_, index) => {
      let rest = index;
      let at = 0;
      let stride = 1;
      for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
        const size = shape[axis] as number;
        if (own[axis] !== 1) at += (rest % size) * stride;
        stride *= own[axis] as number;
        rest = Math.floor(rest / size);
      }
      return values[at] as number;
    });
    return constantOf(builder, whole, [whole.length], this.computeDtype);
  }
}
