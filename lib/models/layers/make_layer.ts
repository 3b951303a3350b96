import { type Entry, readEntry, unsupported } from "../graph/entry.js";
import { EntryCount, isModel, readGraph } from "../graph/read_graph.js";
import { Operation } from "../operations/operation.js";
import { OPERATIONS } from "../operations/table.js";
import type { Layer, LayerSource } from "./layer.js";
import { ModelLayer } from "./model_layer.js";
import { LAYERS } from "./table.js";

/** Makes the layers of a file. */
export class LayerMaker {
  readonly #count = new EntryCount();

  /** Makes the layer that `entry` describes, with all layers inside. Its weights are missing. */
  layer(entry: Entry): Layer {
    const source: LayerSource = {
      entry,
      child: (serialized, group) => {
        this.#count.add(1);
        return this.layer(readEntry(serialized, entry.place, group));
      },
    };
    if (isModel(entry)) return this.#model(entry, source);
    const Class = entry.isKeras ? LAYERS.get(entry.className) : undefined;
    if (Class === undefined) throw unknownLayer(entry);
    return new Class(source);
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
    const call = OPERATIONS.get(operationName(entry));
    if (call === undefined) throw unsupported(entry, "this operation is not supported");
    return new Operation(entry, call);
  }
}

function operationName({ module, className }: Entry): string {
  return `${(module ?? "").replace(/^keras\.(src\.)?ops\.?/, "")}.${className}`;
}

function unknownLayer(entry: Entry): Error {
  const remedy = "Leave it out of the model, or pass its computation in `custom_objects`";
  return unsupported(entry, "this layer is not supported", remedy);
}
