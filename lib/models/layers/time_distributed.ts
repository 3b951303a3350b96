import type { Builder } from "../compile/builder.js";
import type { Causality } from "../compile/streaming.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import { isTensor, type Tensors, type Value } from "../compile/values.js";
import { flatten } from "../graph/structure.js";
import { type CallArguments, Layer, type LayerSource } from "./layer.js";

/** Keras's TimeDistributed: its timesteps are samples of the layer inside. */
export class TimeDistributedLayer extends Layer {
  readonly #layer: Layer;

  constructor(source: LayerSource) {
    super(source);
    this.#layer = source.child(this.config.raw("layer"), "layer");
    this.children.push(this.#layer);
  }

  override get signature(): readonly string[] {
    return ["inputs", "training", "mask"];
  }

  override get supportsMasking(): boolean {
    return true;
  }

  override causality(): Causality {
    return "pointwise";
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const x = this.input(args);
    if (x.repeat === null || x.shape.length < 2) throw this.shapeError("inputs of at least 3 axes", x);
    const timesteps = x.shape[0] as number;
    const { mask } = args;
    const layer = this.#layer;
    const [name] = layer.signature as [string];
    const inner: Record<string, Value> = Object.fromEntries(layer.signature.map((parameter) => [parameter, null]));
    inner[name] = asItems(x, timesteps);
    // Keras calls the layer's `call` itself: nothing is cast, and no mask but this one counts.
    if (isTensor(mask) && layer.signature.includes("mask")) inner.mask = asItems(mask, timesteps);
    const compute = () => layer.within(() => layer.call(builder, inner));
    const outputs = flatten(builder.stream === null ? compute() : builder.stream.apart(compute));
    const [output] = outputs;
    if (output === undefined || outputs.length > 1) {
      throw this.failure("ERR_UNSUPPORTED", "layer", "a layer with one output", `one with ${outputs.length}`);
    }
    return asSteps(output, timesteps);
  }
}

/** Returns `x` with its first axis after the batch joined to the batch. */
function asItems(x: SymbolicTensor, timesteps: number): SymbolicTensor {
  return x.as({ repeat: (x.repeat as number) * timesteps, shape: x.shape.slice(1) });
}

function asSteps(x: SymbolicTensor, timesteps: number): SymbolicTensor {
  return x.as({ repeat: (x.repeat as number) / timesteps, shape: [timesteps, ...x.shape] });
}
