import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import type { Masks, Tensors, Value } from "../compile/values.js";
import { flatten } from "../graph/structure.js";
import { gruConfig, ModelGru } from "./gru_weights.js";
import type { CallArguments, LayerSource, NamedGru } from "./layer.js";
import { RecurrentLayer } from "./recurrent_layer.js";

/** Keras's GRU. */
export class GruLayer extends RecurrentLayer {
  readonly model: ModelGru;

  constructor(source: LayerSource) {
    super(source);
    this.model = new ModelGru(this.config, gruConfig(this.config));
    for (const request of this.model.requests) this.weight({ ...request, group: "cell" });
  }

  override get grus(): readonly NamedGru[] {
    return [{ name: this.path, parts: this.model.parts }];
  }

  override causality(): Causality {
    return this.model.parts.options.goBackwards ? needsWhole("goes backwards") : "causal";
  }

  override get isStateful(): boolean {
    return this.model.parts.options.stateful;
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const { model } = this;
    model.fill(this.entry, this.slots);
    const inputs = this.recurrentInputs(args, model.features, [model.parts.options.units]);
    const { returnSequences, returnState, stateful } = model.parts.options;
    const stages = [{ merge: null, halves: [model.parts] }];
    return this.results(this.compute(builder, inputs, { stages, returnSequences, stateful }), returnState);
  }

  override computeMask(_builder: Builder, _inputs: Value, mask: Masks | null): Masks | null {
    const { returnSequences } = this.model.parts.options;
    return returnSequences ? firstMask(mask) : null;
  }

  override dispose(): void {
    this.model.dispose();
  }
}

/** Returns the first of some masks, which belongs to the sequence. */
export function firstMask(mask: Masks | null): SymbolicTensor | null {
  return mask === null ? null : (flatten<SymbolicTensor | null>(mask)[0] ?? null);
}
