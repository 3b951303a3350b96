import type { Builder } from "../compile/builder.js";
import type { Causality } from "../compile/streaming.js";
import { product } from "../compile/symbolic.js";
import { isTensor, type Masks, type Tensors, type Value } from "../compile/values.js";
import { binary, cast, scalar } from "../emit/elementwise.js";
import { shown } from "../graph/entry.js";
import { type CallArguments, Layer, type LayerSource } from "./layer.js";
import type { WeightSlot } from "./weight_slot.js";

/** Keras's Embedding. */
export class EmbeddingLayer extends Layer {
  readonly #vocabulary = this.config.integer("input_dim", undefined, 1);
  readonly #units = this.config.integer("output_dim", undefined, 1);
  readonly #maskZero = this.config.boolean("mask_zero", false);
  readonly #table: WeightSlot;

  constructor(source: LayerSource) {
    super(source);
    this.#table = this.weight({ name: "embeddings", shape: [this.#vocabulary, this.#units] });
  }

  override get supportsMasking(): boolean {
    return this.#maskZero;
  }

  override causality(): Causality {
    return "pointwise";
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const given = this.input(args);
    const x = cast(builder, given, "int32");
    const table = builder.constant(this.#table.kernel(this.policy), [this.#vocabulary, this.#units], this.computeDtype);
    const y = builder.like(x, [...x.shape, this.#units], this.computeDtype);
    const fields = {
      repeat: product(x.rowShape),
      vocabulary: this.#vocabulary,
      units: this.#units,
      name: shown(this.entry),
    };
    builder.emit("embedding", { x, table }, { y }, fields);
    return y;
  }

  override computeMask(builder: Builder, inputs: Value): Masks | null {
    if (!this.#maskZero || !isTensor(inputs)) return null;
    return binary(builder, "not_equal", inputs, scalar(builder, 0, inputs.dtype), "bool");
  }
}
