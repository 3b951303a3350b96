import type { NativeArray } from "../../native/arrays.js";
import type { Builder } from "../compile/builder.js";
import type { Tensors } from "../compile/values.js";
import { activate } from "../emit/elementwise.js";
import { type CallArguments, Layer, type LayerSource } from "./layer.js";
import { PackedMatrix } from "./packed_matrix.js";
import type { WeightSlot } from "./weight_slot.js";
import { windowAxis } from "./windows.js";

/** Keras's Conv1D. It loses the mask. */
export class Conv1DLayer extends Layer {
  readonly #filters = this.config.integer("filters", undefined, 1);
  readonly #size = this.config.sizes("kernel_size", [], 1)[0] as number;
  readonly #stride = this.config.sizes("strides", 1, 1)[0] as number;
  readonly #dilation = this.config.sizes("dilation_rate", 1, 1)[0] as number;
  readonly #groups = this.config.integer("groups", 1, 1);
  readonly #padding = this.config.oneOf("padding", "valid", ["valid", "same", "causal"]);
  readonly #activation = this.config.activation("activation", this.policy);
  readonly #kernel: WeightSlot;
  readonly #bias: WeightSlot | null;
  readonly #matrices: readonly PackedMatrix[];

  constructor(source: LayerSource) {
    super(source);
    this.config.requireChannelsLast();
    if (this.#filters % this.#groups !== 0) throw this.config.wrong("groups", `a divisor of ${this.#filters} filters`);
    this.#kernel = this.weight({ name: "kernel", shape: [this.#size, null, this.#filters] });
    this.#bias = this.config.boolean("use_bias", true) ? this.weight({ name: "bias", shape: [this.#filters] }) : null;
    const columns = this.#filters / this.#groups;
    this.#matrices = Array.from({ length: this.#groups }, (_, group) => {
      return new PackedMatrix(this.policy, () => {
        const bias = this.#bias?.kernel(this.policy) ?? null;
        const kernel = this.#kernel.kernel(this.policy);
        return {
          kernel: columnsOf(kernel, this.#filters, group * columns, columns),
          bias: bias === null ? null : bias.slice(group * columns, (group + 1) * columns),
          depth: kernel.length / this.#filters,
          columns,
        };
      });
    });
  }

  override get causality() {
    return "none" as const;
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const x = this.input(args);
    this.requireRank(x, 2, "inputs of shape (batch, steps, channels)");
    const [size, channels] = x.shape as [number, number];
    const inGroup = this.#kernel.data.shape[1] as number;
    if (channels !== inGroup * this.#groups) throw this.shapeError(`${inGroup * this.#groups} channels`, x);
    const kernel = this.#size;
    const stride = this.#stride;
    const dilation = this.#dilation;
    const { output, pad } = windowAxis(this, { size, kernel, stride, dilation, padding: this.#padding });
    const y = builder.like(x, [output, this.#filters]);
    const matrices = this.#matrices.map((matrix) => matrix.native);
    const fields = {
      matrices,
      kernel,
      stride,
      dilation,
      pad,
      repeat: x.repeat,
      steps: size,
      channels,
      outputSteps: output,
    };
    const isWide = this.#groups > 1 && this.#activation?.name.includes("max") === true;
    builder.emit("conv1d", { x }, { y }, { ...fields, activation: isWide ? null : this.#activation });
    return isWide ? activate(builder, this.#activation, y) : y;
  }

  override dispose(): void {
    for (const matrix of this.#matrices) matrix.dispose();
  }
}

/** Returns some columns of a matrix with `width` columns. */
export function columnsOf(matrix: NativeArray, width: number, first: number, count: number): NativeArray {
  if (count === width) return matrix;
  const rows = matrix.length / width;
  const part = matrix instanceof Float64Array ? new Float64Array(rows * count) : new Float32Array(rows * count);
  for (let row = 0; row < rows; row += 1) {
    part.set(matrix.subarray(row * width + first, row * width + first + count), row * count);
  }
  return part;
}
