import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import type { Tensors } from "../compile/values.js";
import { activate } from "../emit/elementwise.js";
import { dense } from "../emit/products.js";
import { type CallArguments, Layer, type LayerSource } from "./layer.js";
import { PackedMatrix } from "./packed_matrix.js";
import type { WeightSlot } from "./weight_slot.js";

/** Keras's Dense. */
export class DenseLayer extends Layer {
  readonly #units = this.config.integer("units", undefined, 1);
  readonly #activation = this.config.activation("activation", this.policy);
  readonly #kernel: WeightSlot;
  readonly #bias: WeightSlot | null;
  readonly #matrix: PackedMatrix;

  constructor(source: LayerSource) {
    super(source);
    this.#kernel = this.weight({ name: "kernel", shape: [null, this.#units] });
    this.#bias = this.config.boolean("use_bias", true) ? this.weight({ name: "bias", shape: [this.#units] }) : null;
    this.#matrix = new PackedMatrix(this.policy, () => ({
      kernel: this.#kernel.kernel(this.policy),
      bias: this.#bias?.kernel(this.policy) ?? null,
      depth: this.#kernel.data.shape[0] as number,
      columns: this.#units,
    }));
  }

  override get supportsMasking(): boolean {
    return true;
  }

  override causality(inputs: readonly SymbolicTensor[]): Causality {
    return inputs.every(({ shape }) => shape.length > 1) ? "pointwise" : needsWhole("combines timesteps");
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const x = this.input(args);
    const features = this.#kernel.data.shape[0] as number;
    if (x.shape.length === 0 || x.shape.at(-1) !== features) {
      throw this.shapeError(`inputs whose last axis has ${features} elements`, x);
    }
    const weights = { matrix: this.#matrix.native, columns: this.#units };
    const activation = this.#activation;
    if (activation?.name !== "sparsemax") return dense(builder, x, weights, activation);
    return activate(builder, activation, dense(builder, x, weights, null));
  }

  override dispose(): void {
    this.#matrix.dispose();
  }
}
