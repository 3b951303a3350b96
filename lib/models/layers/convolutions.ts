import type { NativeArray } from "../../native/arrays.js";
import type { NativeActivation } from "../../native/binding.js";
import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import type { Tensors } from "../compile/values.js";
import { activate } from "../emit/elementwise.js";
import { concatenated, strided } from "../emit/movement.js";
import type { CallArguments, LayerSource } from "./layer.js";
import { PackedMatrix } from "./packed_matrix.js";
import { SpatialLayer, type Windows } from "./spatial.js";
import type { WeightSlot } from "./weight_slot.js";

/** Keras's Conv1D and Conv2D. They lose the mask. */
abstract class ConvolutionLayer extends SpatialLayer {
  readonly #filters = this.config.integer("filters", undefined, 1);
  readonly #groups = this.config.integer("groups", 1, 1);
  readonly #activation = this.config.activation("activation", this.policy);
  readonly #windows: Windows;
  readonly #kernel: WeightSlot;
  readonly #bias: WeightSlot | null;
  readonly #matrices: readonly PackedMatrix[];

  constructor(source: LayerSource, rank: 1 | 2) {
    super(source);
    if (this.#filters % this.#groups !== 0) throw this.config.wrong("groups", `a divisor of ${this.#filters} filters`);
    const paddings = rank === 1 ? (["valid", "same", "causal"] as const) : (["valid", "same"] as const);
    this.#windows = {
      kernel: this.config.sizes("kernel_size", [], rank),
      strides: this.config.sizes("strides", 1, rank),
      dilation: this.config.sizes("dilation_rate", 1, rank),
      padding: this.config.oneOf<"valid" | "same" | "causal">("padding", "valid", paddings),
    };
    this.#kernel = this.weight({ name: "kernel", shape: [...this.#windows.kernel, null, this.#filters] });
    this.#bias = this.config.boolean("use_bias", true) ? this.weight({ name: "bias", shape: [this.#filters] }) : null;
    this.#matrices = Array.from({ length: this.#groups }, (_, group) => this.#matrixOf(group));
  }

  #matrixOf(group: number): PackedMatrix {
    const columns = this.#filters / this.#groups;
    return new PackedMatrix(this.policy, () => {
      const kernel = this.#kernel.kernel(this.policy);
      const bias = this.#bias?.kernel(this.policy) ?? null;
      return {
        kernel: columnsOf(kernel, this.#filters, group * columns, columns),
        bias: bias === null ? null : bias.slice(group * columns, (group + 1) * columns),
        depth: kernel.length / this.#filters,
        columns,
      };
    });
  }

  /** A causal convolution carries the inputs that its kernel reaches back to. */
  override causality(): Causality {
    const { kernel, strides, padding } = this.#windows;
    if (this.spatialRank === 2) return needsWhole("convolves over two axes");
    if (this.config.raw("data_format") === "channels_first") return needsWhole("has its channels before the timesteps");
    if (strides[0] !== 1) return needsWhole("skips timesteps");
    if (kernel[0] === 1) return "pointwise";
    return padding === "causal" ? "causal" : needsWhole(`has padding ${JSON.stringify(padding)} and not "causal"`);
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    return this.withChannelsLast(builder, args, (x) => {
      const carries = builder.stream?.isSequence(x) === true && this.#windows.padding === "causal";
      return carries ? this.#convolveNext(builder, x) : this.#convolve(builder, x, this.#windows);
    });
  }

  /** Convolves the next steps of a stream, behind those that the kernel reaches back to. */
  #convolveNext(builder: Builder, x: SymbolicTensor): SymbolicTensor {
    const reach = ((this.#windows.kernel[0] as number) - 1) * (this.#windows.dilation[0] as number);
    const windows = { ...this.#windows, padding: "valid" as const };
    if (reach === 0) return this.#convolve(builder, x, windows);
    const channels = x.shape[1] as number;
    const key = `${this.entry.place.names.join("/")}#${builder.nextCallNumber()}`;
    const before = builder.carried(key, x, [reach, channels], x.dtype);
    const whole = concatenated(builder, [before, x], 0);
    const steps = whole.shape[0] as number;
    builder.carry(
      key,
      strided(builder, whole, [
        [steps - reach, 1, reach],
        [0, 1, channels],
      ]),
    );
    return this.#convolve(builder, whole, windows);
  }

  #convolve(builder: Builder, x: SymbolicTensor, windows: Windows): SymbolicTensor {
    const channels = x.shape.at(-1) as number;
    const inGroup = this.#kernel.data.shape.at(-2) as number;
    if (channels !== inGroup * this.#groups) throw this.shapeError(`${inGroup * this.#groups} channels`, x);
    const positions = this.positions(x, windows);
    const y = builder.like(x, [...positions.map(({ output }) => output), this.#filters]);
    const fused = this.#fusable();
    this.emitConvolution(builder, x, y, {
      matrices: this.#matrices.map((matrix) => matrix.native),
      activation: fused,
      windows,
      pads: positions.map(({ pad }) => pad),
    });
    return fused === this.#activation ? y : activate(builder, this.#activation, y);
  }

  /** Returns the activation if the instruction can compute it: one over all channels needs them in one group. */
  #fusable(): NativeActivation | null {
    const name = this.#activation?.name ?? "";
    const isOverChannels = name === "softmax" || name === "log_softmax" || name === "sparsemax";
    return name === "sparsemax" || (isOverChannels && this.#groups > 1) ? null : this.#activation;
  }

  /** Adds the instruction. */
  protected abstract emitConvolution(
    builder: Builder,
    x: SymbolicTensor,
    y: SymbolicTensor,
    convolution: Convolution,
  ): void;

  override dispose(): void {
    for (const matrix of this.#matrices) matrix.dispose();
  }
}

/** The parts of a convolution's instruction. */
interface Convolution {
  readonly matrices: readonly unknown[];
  readonly activation: NativeActivation | null;
  readonly windows: Windows;
  readonly pads: readonly number[];
}

/** Keras's Conv1D. */
export class Conv1DLayer extends ConvolutionLayer {
  protected override readonly spatialRank = 1;

  constructor(source: LayerSource) {
    super(source, 1);
  }

  protected override emitConvolution(
    builder: Builder,
    x: SymbolicTensor,
    y: SymbolicTensor,
    { windows, pads, ...fields }: Convolution,
  ): void {
    const [steps, channels] = x.shape;
    const [kernel] = windows.kernel;
    const [stride] = windows.strides;
    const [dilation] = windows.dilation;
    const sizes = { steps, channels, outputSteps: y.shape[0], kernel, stride, dilation, pad: pads[0] };
    builder.emit("conv1d", { x }, { y }, { ...fields, ...sizes, repeat: x.repeat });
  }
}

/** Keras's Conv2D. */
export class Conv2DLayer extends ConvolutionLayer {
  protected override readonly spatialRank = 2;

  constructor(source: LayerSource) {
    super(source, 2);
  }

  protected override emitConvolution(
    builder: Builder,
    x: SymbolicTensor,
    y: SymbolicTensor,
    { windows, pads, ...fields }: Convolution,
  ): void {
    const { kernel, strides, dilation } = windows;
    const sizes = { inputShape: x.shape, outputShape: y.shape, kernel, strides, dilation, pad: pads };
    builder.emit("conv2d", { x }, { y }, { ...fields, ...sizes, repeat: x.repeat });
  }
}

/** Returns some columns of a matrix with `width` columns. */
function columnsOf(matrix: NativeArray, width: number, first: number, count: number): NativeArray {
  if (count === width) return matrix;
  const rows = matrix.length / width;
  const part = matrix instanceof Float64Array ? new Float64Array(rows * count) : new Float32Array(rows * count);
  for (let row = 0; row < rows; row += 1) {
    part.set(matrix.subarray(row * width + first, row * width + first + count), row * count);
  }
  return part;
}
