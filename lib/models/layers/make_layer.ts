import type { CustomLayer } from "../custom_layers.js";
import { type Entry, readEntry, unsupported } from "../graph/entry.js";
import { EntryCount, isModel, readGraph } from "../graph/read_graph.js";
import { Operation } from "../operations/operation.js";
import { findOperation } from "../operations/table.js";
import { CustomLayerInModel } from "./custom.js";
import type { Layer, LayerSource } from "./layer.js";
import { ModelLayer } from "./model_layer.js";
import { LAYERS } from "./table.js";

/** Makes the layers of a file. */
export class LayerMaker {
  readonly #count = new EntryCount();
  readonly #custom: ReadonlyMap<string, CustomLayer>;

  /** `custom` are the layers of the user's own, by name. */
  constructor(custom: ReadonlyMap<string, CustomLayer>) {
    this.#custom = custom;
  }

  /** Makes the layer that `entry` describes, with all layers inside. Its weights are missing. */
  layer(entry: Entry): Layer {
    const source: LayerSource = {
      entry,
      child: (serialized, group) => {
        this.#count.add(1);
        return this.layer(readEntry(serialized, entry.place, group));
      },
    };
    const custom = this.#customLayer(entry);
    if (custom !== undefined) return new CustomLayerInModel(source, custom);
    if (isModel(entry)) return this.#model(entry, source);
    const Class = entry.isKeras ? LAYERS.get(entry.className) : undefined;
    if (Class === undefined) throw unknownLayer(entry);
    return new Class(source);
  }

  #customLayer({ className, registeredName, name }: Entry): CustomLayer | undefined {
    const names = [registeredName, className, ...(className === "Lambda" ? [name] : [])];
    const found = names.find((one) => one !== null && this.#custom.has(one));
    return this.#custom.get(found ?? "");
  }

  #model(entry: Entry, source: LayerSource): ModelLayer {
    const graph = readGraph(entry, this.#count);
    const members = graph.entries.map((member) => {
      if (member.className === "InputLayer" && member.isKeras) return null;
      return member.kind === "operation" ? this.#operation(member) : this.layer(member);
    });
    return new ModelLayer(source, { graph, members });
  }

  #operation(entry: Entry): Operation {
    const definition = findOperation(entry.module, entry.className);
    if (definition === undefined) throw unsupported(entry, "this operation is not supported");
    return new Operation(entry, definition);
  }
}

/** Layers that make tokens of text, which is the tokenizer's job here. */
const TEXT = ["TextVectorization", "StringLookup", "Hashing", "HashedCrossing"];

function unknownLayer(entry: Entry): Error {
  const { className, name, registeredName } = entry;
  const key = JSON.stringify(className === "Lambda" ? name : (registeredName ?? className));
  const remedy = TEXT.includes(className)
    ? "Save the model without it, and pass the tokens that it makes"
    : `Pass its computation in \`custom_objects\` under the name ${key}, or save the model without it`;
  return unsupported(entry, "this layer is not supported", remedy);
}
