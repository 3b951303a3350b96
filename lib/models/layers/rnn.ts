import type { Builder } from "../compile/builder.js";
import { type Causality, needsWhole } from "../compile/streaming.js";
import type { Masks, Tensors, Value } from "../compile/values.js";
import { cast } from "../emit/elementwise.js";
import { backwards } from "../emit/recurrent.js";
import { asObject, type Config, type Entry, readEntry, snakeCase, unsupported } from "../graph/entry.js";
import { ConfigReader } from "./config_reader.js";
import { firstMask } from "./gru.js";
import { gruConfig, ModelGru } from "./gru_weights.js";
import type { CallArguments, LayerSource, NamedGru } from "./layer.js";
import { RecurrentLayer } from "./recurrent_layer.js";
import type { WeightSlot } from "./weight_slot.js";

/** A cell of an RNN, its GRU and the weights that it needs. */
interface Cell {
  readonly entry: Entry;
  readonly gru: ModelGru;
  readonly slots: readonly WeightSlot[];
}

/** Keras's RNN of one GRUCell or several, which compute as a stack of GRUs. */
export class RnnLayer extends RecurrentLayer {
  readonly #returnSequences = this.config.boolean("return_sequences", false);
  readonly #returnState = this.config.boolean("return_state", false);
  readonly #goBackwards = this.config.boolean("go_backwards", false);
  readonly #stateful = this.config.boolean("stateful", false);
  readonly #cells: readonly Cell[];

  constructor(source: LayerSource) {
    super(source);
    const cell = asObject(this.config.raw("cell"));
    const cells = cell?.class_name === "StackedRNNCells" ? asObject(cell.config)?.cells : undefined;
    if (Array.isArray(cells) && cells.length === 0) throw this.config.wrong("cell", "at least one cell");
    const used = new Map<string, number>();
    this.#cells = Array.isArray(cells)
      ? cells.map((one: unknown, index) =>
          this.#cell(one, `cell/cells/${numbered(one, used)}`, index === cells.length - 1),
        )
      : [this.#cell(cell, "cell", true)];
  }

  #cell(serialized: unknown, group: string, isLast: boolean): Cell {
    const entry = readEntry(serialized, this.entry.place, group);
    if (entry.className !== "GRUCell" || !entry.isKeras) {
      throw unsupported(this.entry, `an RNN of ${entry.className} cells is not supported, only one of GRUCells`);
    }
    const reader = new ConfigReader(entry);
    const zeroes = this.config.boolean("zero_output_for_mask", false);
    const gru = new ModelGru(
      reader,
      gruConfig(reader, {
        return_sequences: !isLast || this.#returnSequences,
        return_state: false,
        stateful: false,
        unroll: false,
        // Where there is a mask, the inputs are reversed and not the loops: the mask of a stack goes the same way for all.
        go_backwards: false,
        zero_output_for_mask: isLast && zeroes,
      }),
    );
    return { entry, gru, slots: gru.requests.map((request) => this.weight({ ...request, group })) };
  }

  override get grus(): readonly NamedGru[] {
    return this.#cells.map(({ entry, gru }) => ({ name: `${this.path}/${entry.name}`, parts: gru.parts }));
  }

  override causality(): Causality {
    return this.#goBackwards ? needsWhole("goes backwards") : "causal";
  }

  override get isStateful(): boolean {
    return this.#stateful;
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    for (const { entry, gru, slots } of this.#cells) gru.fill(entry, slots);
    const [{ gru: first }] = this.#cells as [Cell];
    const parts = this.#cells.map(({ gru }) => gru.parts);
    const inputs = this.recurrentInputs(
      args,
      first.features,
      parts.map(({ options }) => options.units),
    );
    const { x, mask } = inputs;
    const ordered = this.#goBackwards
      ? { ...inputs, x: backwards(builder, x), mask: mask === null ? null : backwards(builder, mask) }
      : inputs;
    const { outputs, states } = this.compute(builder, ordered, {
      stages: parts.map((half) => ({ merge: null, halves: [half] })),
      returnSequences: this.#returnSequences,
      stateful: this.#stateful,
    });
    const all = this.#returnState ? [...outputs, ...states] : outputs;
    const own = all.map((tensor) => cast(builder, tensor, this.computeDtype));
    return own.length === 1 ? (own[0] as Tensors) : own;
  }

  override computeMask(_builder: Builder, _inputs: Value, mask: Masks | null): Masks | null {
    return this.#returnSequences ? firstMask(mask) : null;
  }

  override dispose(): void {
    for (const { gru } of this.#cells) gru.dispose();
  }
}

/** Keras numbers the weights of the cells by their classes. */
function numbered(serialized: unknown, used: Map<string, number>): string {
  const base = snakeCase(String((asObject(serialized) as Config | undefined)?.class_name));
  const number = used.get(base) ?? 0;
  used.set(base, number + 1);
  return number === 0 ? base : `${base}_${number}`;
}
