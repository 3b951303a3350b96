import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import { product, type SymbolicTensor } from "../compile/symbolic.js";
import { isTensor, type Tensors } from "../compile/values.js";
import { cast } from "../emit/elementwise.js";
import { itemAxis } from "./axes.js";
import { type CallArguments, Layer, type LayerSource } from "./layer.js";
import type { WeightSlot } from "./weight_slot.js";

/** Keras's BatchNormalization with its moving statistics. */
export class BatchNormalizationLayer extends Layer {
  readonly #axis: number;
  readonly #epsilon = this.config.number("epsilon", 1e-3);
  readonly #gamma: WeightSlot | null;
  readonly #beta: WeightSlot | null;
  readonly #mean: WeightSlot;
  readonly #variance: WeightSlot;

  constructor(source: LayerSource) {
    super(source);
    const axes = this.config.axes("axis", [-1]);
    if (axes.length !== 1) throw this.config.wrong("axis", "one axis");
    this.#axis = axes[0] as number;
    this.#gamma = this.config.boolean("scale", true) ? this.weight({ name: "gamma", shape: [null] }) : null;
    this.#beta = this.config.boolean("center", true) ? this.weight({ name: "beta", shape: [null] }) : null;
    this.#mean = this.weight({ name: "moving_mean", shape: [null], trainable: false });
    this.#variance = this.weight({ name: "moving_variance", shape: [null], trainable: false });
    if (this.config.boolean("renorm", false)) {
      for (const name of RENORM) this.weight({ name, shape: [null], trainable: false, unused: true });
    }
  }

  override get signature(): readonly string[] {
    return ["inputs", "training", "mask"];
  }

  override get supportsMasking(): boolean {
    return true;
  }

  override causality([x]: readonly SymbolicTensor[]): Causality {
    return x !== undefined && itemAxis(this, this.#axis, x.rank) === 0 ? needsWhole("combines timesteps") : "pointwise";
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const given = this.input(args);
    const { mask } = args;
    if (isTensor(mask) && mask.rank !== given.rank - 1) {
      throw this.shapeError("a mask of one axis less than the inputs", mask, "mask");
    }
    const wide = given.dtype === "float64" ? "float64" : "float32";
    const x = cast(builder, given, wide);
    const axis = itemAxis(this, this.#axis, x.rank);
    const channels = x.shape[axis] as number;
    const { scale, offset } = this.#factors(channels);
    const array = (values: number[]) => (wide === "float64" ? Float64Array.from(values) : Float32Array.from(values));
    const y = builder.like(x, x.shape, this.computeDtype);
    builder.emit(
      "affine",
      {
        x,
        scale: builder.constant(array(scale), [channels], wide),
        offset: builder.constant(array(offset), [channels], wide),
      },
      { y },
      { outer: product(x.rowShape.slice(0, axis + 1)), channels, inner: product(x.shape.slice(axis + 1)), repeat: 1 },
    );
    return y;
  }

  /** Returns what `x` is multiplied by, and what is added then. */
  #factors(channels: number): { scale: number[]; offset: number[] } {
    const values = (slot: WeightSlot | null, fallback: number): number[] => {
      if (slot === null) return new Array<number>(channels).fill(fallback);
      const { data, shape } = { data: slot.variable(this.policy), shape: slot.data.shape };
      if (shape[0] !== channels) {
        throw this.failure("ERR_SHAPE", "inputs", `${shape[0]} channels on axis ${this.#axis}`, `${channels}`);
      }
      return [...data];
    };
    const gamma = values(this.#gamma, 1);
    const beta = values(this.#beta, 0);
    const mean = values(this.#mean, 0);
    const variance = values(this.#variance, 1);
    const scale = gamma.map((factor, c) => factor / Math.sqrt((variance[c] as number) + this.#epsilon));
    const offset = beta.map((shift, c) => shift - (mean[c] as number) * (scale[c] as number));
    return { scale, offset };
  }
}

/** The further weights of a layer with `renorm`, which only training uses. */
const RENORM = ["moving_stddev", "renorm_mean", "renorm_stddev"];
