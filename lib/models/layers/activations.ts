import type { NativeActivation } from "../../native/binding.js";
import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import type { Tensors } from "../compile/values.js";
import { activate, ROW_ACTIVATIONS } from "../emit/elementwise.js";
import { type CallArguments, Layer, type LayerSource } from "./layer.js";

/** A layer without weights that computes an activation of every element, or of the last axis. */
abstract class ActivationFunctionLayer extends Layer {
  abstract readonly activation: NativeActivation | null;

  override get supportsMasking(): boolean {
    return true;
  }

  override causality([x]: readonly SymbolicTensor[]): Causality {
    const isOverLast = ROW_ACTIVATIONS.has(this.activation?.name ?? "");
    return isOverLast && x?.shape.length === 1 ? needsWhole("combines timesteps") : "pointwise";
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    return activate(builder, this.activation, this.input(args));
  }
}

/** Keras's Activation. */
export class ActivationLayer extends ActivationFunctionLayer {
  readonly activation = this.config.activation("activation", this.policy);
}

/** Keras's ReLU. */
export class ReluLayer extends ActivationFunctionLayer {
  readonly activation: NativeActivation;

  constructor(source: LayerSource) {
    super(source);
    const parameters = [
      this.config.number("negative_slope", 0),
      this.config.numberOrNull("max_value") ?? Number.POSITIVE_INFINITY,
      this.config.number("threshold", 0),
    ];
    this.activation = { name: "relu", parameters };
  }
}

/** Keras's LeakyReLU, whose slope Keras 2 called `alpha`. */
export class LeakyReluLayer extends ActivationFunctionLayer {
  readonly activation: NativeActivation;

  constructor(source: LayerSource) {
    super(source);
    const key = this.config.raw("negative_slope") === undefined ? "alpha" : "negative_slope";
    this.activation = { name: "leaky_relu", parameters: [this.config.number(key, 0.3)] };
  }
}

/** Keras's ELU. */
export class EluLayer extends ActivationFunctionLayer {
  readonly activation = { name: "elu", parameters: [this.config.number("alpha", 1)] };
}
