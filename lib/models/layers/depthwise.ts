import type { NativeActivation } from "../../native/binding.js";
import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import type { Tensors } from "../compile/values.js";
import { activate } from "../emit/elementwise.js";
import { dense } from "../emit/products.js";
import type { CallArguments, LayerSource } from "./layer.js";
import { PackedMatrix } from "./packed_matrix.js";
import { inTwo, SpatialLayer, type Windows } from "./spatial.js";
import type { WeightSlot } from "./weight_slot.js";

/** Layers that convolve each channel by itself: DepthwiseConv1D and SeparableConv1D. They lose the mask. */
abstract class DepthwiseLayer extends SpatialLayer {
  protected override readonly spatialRank = 1;
  protected readonly activation = this.config.activation("activation", this.policy);
  readonly #multiplier = this.config.integer("depth_multiplier", 1, 1);
  readonly #windows: Windows = {
    kernel: this.config.sizes("kernel_size", [], 1),
    strides: this.config.sizes("strides", 1, 1),
    dilation: this.config.sizes("dilation_rate", 1, 1),
    padding: this.config.oneOf<"valid" | "same">("padding", "valid", ["valid", "same"]),
  };

  override causality(): Causality {
    const { kernel, strides } = this.#windows;
    const isFirst = this.config.raw("data_format") === "channels_first";
    return kernel[0] === 1 && strides[0] === 1 && !isFirst
      ? "pointwise"
      : needsWhole("reaches forward, or skips timesteps");
  }

  /** The shape of the depthwise weights. */
  protected get depthwiseShape(): (number | null)[] {
    return [...this.#windows.kernel, null, this.#multiplier];
  }

  /** Convolves each channel with its own weights. */
  protected depthwise(
    builder: Builder,
    x: SymbolicTensor,
    slot: WeightSlot,
    bias: WeightSlot | null,
    activation: NativeActivation | null,
  ): SymbolicTensor {
    const [steps, channels] = x.shape as [number, number];
    if (channels !== slot.data.shape[1]) throw this.shapeError(`${slot.data.shape[1]} channels`, x);
    const [{ output, pad }] = this.positions(x, this.#windows) as [{ output: number; pad: number }];
    const width = channels * this.#multiplier;
    const y = builder.like(x, [output, width]);
    const { kernel, strides, dilation } = this.#windows;
    const weights = slot.kernel(this.policy);
    builder.emit(
      "depthwise",
      {
        x,
        weights: builder.constant(weights, [weights.length], x.dtype),
        bias: bias === null ? null : builder.constant(bias.kernel(this.policy), [width], x.dtype),
      },
      { y },
      {
        inputShape: [1, steps, channels],
        outputShape: [1, output, width],
        kernel: inTwo(kernel, 1),
        strides: inTwo(strides, 1),
        dilation: inTwo(dilation, 1),
        pad: [0, pad],
        activation,
        repeat: x.repeat,
      },
    );
    return y;
  }
}

/** Keras's DepthwiseConv1D. */
export class DepthwiseConv1DLayer extends DepthwiseLayer {
  readonly #kernel: WeightSlot;
  readonly #bias: WeightSlot | null;

  constructor(source: LayerSource) {
    super(source);
    const name = source.entry.place.legacy ? "depthwise_kernel" : "kernel";
    this.#kernel = this.weight({ name, shape: this.depthwiseShape });
    this.#bias = this.config.boolean("use_bias", true) ? this.weight({ name: "bias", shape: [null] }) : null;
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    return this.withChannelsLast(builder, args, (x) => {
      const y = this.depthwise(builder, x, this.#kernel, this.#bias, null);
      return activate(builder, this.activation, y);
    });
  }
}

/** Keras's SeparableConv1D: a depthwise convolution, and then a product over the channels. */
export class SeparableConv1DLayer extends DepthwiseLayer {
  readonly #filters = this.config.integer("filters", undefined, 1);
  readonly #kernel: WeightSlot;
  readonly #pointwise: WeightSlot;
  readonly #bias: WeightSlot | null;
  readonly #matrix: PackedMatrix;

  constructor(source: LayerSource) {
    super(source);
    this.#kernel = this.weight({ name: "depthwise_kernel", shape: this.depthwiseShape });
    this.#pointwise = this.weight({ name: "pointwise_kernel", shape: [1, null, this.#filters] });
    this.#bias = this.config.boolean("use_bias", true) ? this.weight({ name: "bias", shape: [this.#filters] }) : null;
    this.#matrix = new PackedMatrix(this.policy, () => ({
      kernel: this.#pointwise.kernel(this.policy),
      bias: this.#bias?.kernel(this.policy) ?? null,
      depth: this.#pointwise.data.shape[1] as number,
      columns: this.#filters,
    }));
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    return this.withChannelsLast(builder, args, (x) => {
      const inner = this.depthwise(builder, x, this.#kernel, null, null);
      if (inner.shape.at(-1) !== this.#pointwise.data.shape[1])
        throw this.shapeError("channels that fit its weights", x);
      const y = dense(builder, inner, { matrix: this.#matrix.native, columns: this.#filters }, null);
      return activate(builder, this.activation, y);
    });
  }

  override dispose(): void {
    this.#matrix.dispose();
  }
}
