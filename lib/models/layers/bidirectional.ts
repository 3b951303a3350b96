import { readMergeMode } from "../../keras/merge_mode.js";
import type { NativeMerge } from "../../native/binding.js";
import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import type { Masks, Tensors, Value } from "../compile/values.js";
import { asObject, type Config, entryError, unsupported } from "../graph/entry.js";
import { firstMask, type GruLayer } from "./gru.js";
import type { CallArguments, LayerSource } from "./layer.js";
import { RecurrentLayer } from "./recurrent_layer.js";

/** Keras's Bidirectional of two GRUs. */
export class BidirectionalLayer extends RecurrentLayer {
  readonly #halves: readonly [GruLayer, GruLayer];
  readonly #merge: NativeMerge;

  constructor(source: LayerSource) {
    super(source);
    this.#halves = [
      this.#half(source, forwards(this.config.raw("layer")), "forward_layer"),
      this.#half(source, backwards(this.config.raw("layer"), this.config.raw("backward_layer")), "backward_layer"),
    ];
    this.children.push(...this.#halves);
    const merge = this.config.reading("merge_mode", () => readMergeMode(this.config.raw("merge_mode")));
    this.#merge = merge ?? "separate";
    const [one, other] = this.#halves.map(({ model }) => model.parts.options);
    const differs = (["returnSequences", "returnState", "stateful"] as const).find(
      (key) => one?.[key] !== other?.[key],
    );
    if (differs !== undefined || one?.goBackwards === other?.goBackwards) {
      throw entryError(
        this.entry,
        `expected halves that differ in go_backwards, and not in ${differs ?? "other ways"}`,
      );
    }
  }

  #half(source: LayerSource, serialized: Config, group: string): GruLayer {
    const { className } = { className: String(serialized.class_name) };
    if (className !== "GRU" && className !== "CuDNNGRU") {
      throw unsupported(this.entry, `a Bidirectional of ${className} layers is not supported, only one of GRUs`);
    }
    return source.child(serialized, group) as GruLayer;
  }

  override causality(): Causality {
    return needsWhole("goes in both directions");
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    for (const half of this.#halves) half.model.fill(half.entry, half.slots);
    const halves = this.#halves.map(({ model }) => model.parts);
    const [{ model }] = this.#halves;
    const sizes = halves.map(({ options }) => options.units);
    const inputs = this.recurrentInputs(args, model.features, sizes);
    const merges = ["sum", "mul", "ave"].includes(this.#merge as string);
    if (merges && sizes[0] !== sizes[1]) throw entryError(this.entry, "expected halves of the same units");
    const { returnSequences, returnState, stateful } = model.parts.options;
    const stages = [{ merge: this.#merge, halves }];
    return this.results(this.compute(builder, inputs, { stages, returnSequences, stateful }), returnState);
  }

  override computeMask(_builder: Builder, _inputs: Value, mask: Masks | null): Masks | null {
    if (!this.#halves[0].model.parts.options.returnSequences) return null;
    const first = firstMask(mask);
    return this.#merge === "separate" ? [first, first] : first;
  }
}

/** Keras makes masked outputs of both halves zero where it returns sequences, whatever their configs say. */
function zeroing(serialized: Config, changes: Config): Config {
  const config = asObject(serialized.config) ?? {};
  return { ...serialized, config: { ...config, ...changes, zero_output_for_mask: config.return_sequences === true } };
}

function nameOf(serialized: Config): string {
  const name = asObject(serialized.config)?.name ?? serialized.name;
  return typeof name === "string" ? name : "gru";
}

function forwards(given: unknown): Config {
  const serialized = asObject(given) ?? {};
  const name = `forward_${nameOf(serialized).replace(/^forward_/, "")}`;
  return { ...zeroing(serialized, { name }), name };
}

/** Returns the backward half. Keras 2 makes it from the forward one when the config has none. */
function backwards(forward: unknown, given: unknown): Config {
  const own = asObject(given);
  if (own !== undefined) return zeroing(own, {});
  const serialized = asObject(forward) ?? {};
  const name = `backward_${nameOf(serialized).replace(/^(forward|backward)_/, "")}`;
  const go_backwards = asObject(serialized.config)?.go_backwards !== true;
  return { ...zeroing(serialized, { name, go_backwards }), name };
}
