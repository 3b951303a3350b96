import { Tensor } from "../../tensor/tensor.js";
import type { Builder } from "../compile/builder.js";
import { type HostShape, type HostShapes, NeedsHostCall } from "../compile/host.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import { isTensor, type Masks, type Tensors, type Value } from "../compile/values.js";
import type { CustomLayer, CustomLayerCall } from "../custom_layers.js";
import { shown } from "../graph/entry.js";
import { flatten, mapStructure, type Structure } from "../graph/structure.js";
import { type CallArguments, Layer, type LayerSource } from "./layer.js";

/** A layer whose computation is a function of the user's, which runs in JavaScript between two parts of the program. */
export class CustomLayerInModel extends Layer {
  readonly #compute: CustomLayer;

  constructor(source: LayerSource, compute: CustomLayer) {
    super(source);
    this.#compute = compute;
  }

  /** The weights of such a layer are all that its groups have in the file. */
  override get takesAllWeights(): boolean {
    return true;
  }

  override get signature(): readonly string[] {
    return ["inputs", "mask"];
  }

  override get takesOtherArguments(): boolean {
    return true;
  }

  override causality(): Causality {
    return needsWhole("is computed in JavaScript");
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const { inputs, mask = null, ...others } = args;
    const masks =
      mask === null ? mapStructure<unknown, null>(inputs as Structure<unknown>, () => null) : (mask as Masks);
    const used = flatten<unknown>([inputs, masks, others] as Structure<unknown>).filter(isTensor);
    const { number, shapes } = builder.nextHostCall();
    const outputs = shapes === undefined ? null : this.#outputs(builder, shapes, used[0]?.repeat ?? 1);
    const call = {
      layer: shown(this.entry),
      number,
      inputs: used,
      outputs: outputs === null ? [] : flatten(outputs),
      run: (tensorOf: (tensor: SymbolicTensor) => unknown) =>
        this.#compute(this.#description({ inputs: inputs as Value, masks, others }, tensorOf)),
    };
    if (outputs === null) throw new NeedsHostCall(call);
    builder.callHost(call);
    return outputs;
  }

  #outputs(builder: Builder, shapes: HostShapes, repeat: number): Tensors {
    return mapStructure<HostShape, SymbolicTensor>(shapes, ({ shape, dtype }) => {
      const [batch, ...rest] = shape;
      if (batch === undefined) builder.requireWhole();
      return builder.mode === "divided" || batch === undefined
        ? builder.tensor(rest, dtype, batch === undefined ? null : repeat)
        : builder.tensor(rest, dtype, batch);
    });
  }

  #description(
    { inputs, masks, others }: { inputs: Value; masks: Masks; others: CallArguments },
    tensorOf: (tensor: SymbolicTensor) => unknown,
  ): CustomLayerCall {
    const replaced = (value: unknown) =>
      mapStructure<unknown, unknown>(value as Structure<unknown>, (item) => (isTensor(item) ? tensorOf(item) : item));
    return {
      name: this.entry.name,
      inputs: replaced(inputs) as Structure<Tensor>,
      mask: replaced(masks) as Structure<Tensor | null>,
      arguments: Object.fromEntries(Object.entries(others).map(([key, value]) => [key, replaced(value)])),
      config: structuredClone(this.entry.config),
      weights: this.slots.map(({ data }) => new Tensor(data.data.slice(), [...data.shape], data.dtype)),
    };
  }
}
