import { readName } from "../arguments/constructor.js";
import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import { autoName } from "../keras/auto_name.js";
import { readRecord } from "../options/record.js";
import { requireBoolean } from "../options/values.js";
import type { Bidirectional } from "./bidirectional.js";
import { fittingFeatures } from "./composite/build.js";
import { builtFeatures, type Composite, returnsSequences, type Stage } from "./composite/composite.js";
import { compositeOf } from "./composite/composite_layer.js";
import type { GRU } from "./gru.js";
import { partsOf } from "./layer.js";
import type { LayerParts } from "./layer_parts.js";

/** A layer that a GRUStack can contain. */
export type StackLayer = GRU | Bidirectional;

/** The parts that a GRUStack is made of. */
export interface StackParts {
  /** The caller's layers. */
  readonly layers: readonly unknown[];
  readonly composite: Composite;
}

const KNOWN: ReadonlySet<string> = new Set(["return_state", "name"]);

/** Reads the arguments of `new GRUStack(layers, args)`. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`. */
export function stackParts(layers: unknown, args: unknown): StackParts {
  return reading("GRUStack", () => {
    if (!Array.isArray(layers)) throw expected("ERR_ARGUMENT", "layers", "an array of layers", layers);
    if (partsOf(args) !== undefined || compositeOf(args) !== undefined) {
      const remedy = "Put all layers into the array.";
      throw expected("ERR_ARGUMENT", "GRUStack", "an object of arguments after `layers`", args, { remedy });
    }
    const { return_state, name } = readRecord(args ?? {}, KNOWN, "GRUStack");
    const returnState = requireBoolean(return_state, "return_state", false);
    const given = readName(name);
    const list: unknown[] = [];
    const stages: Stage[] = [];
    // Unlike `map`, this loop visits holes, and refuses the first one.
    for (const layer of layers as unknown[]) {
      stages.push(stageOf(layer, `layers[${list.length}]`));
      list.push(layer);
    }
    if (list.length === 0) throw expected("ERR_ARGUMENT", "layers", "at least one layer", layers);
    stages.forEach((stage, index) => {
      requireFit(stage, stages[index + 1], `layers[${index}]`);
    });
    const halves = stages.flatMap((stage): readonly LayerParts[] => stage.halves);
    requireDifferent(halves);
    const owner = { trainable: true, version: 0, locked: false };
    const composite: Composite = {
      kind: "GRUStack",
      name: given ?? "",
      owner,
      stages: stages as [Stage, ...Stage[]],
      halves,
      returnState,
      isDisposed: false,
    };
    fittingFeatures(composite, builtFeatures(composite) ?? 0, "layers[0]");
    // Only a stack that is made takes a name.
    return { layers: list, composite: { ...composite, name: given ?? autoName("gru_stack") } };
  });
}

function stageOf(layer: unknown, argument: string): Stage {
  const parts = partsOf(layer);
  if (parts !== undefined) return stageOfGru(parts);
  const composite = compositeOf(layer);
  if (composite?.kind === "Bidirectional") return composite.stages[0];
  const remedy = composite === undefined ? undefined : "Spread its layers into this one: [...stack.layers].";
  throw expected("ERR_ARGUMENT", argument, "a GRU or a Bidirectional", layer, { remedy });
}

function stageOfGru(half: LayerParts): Stage {
  const { computeDtype, autocast } = half.options;
  return {
    name: half.name,
    halves: [half],
    merge: "single",
    dtype: computeDtype,
    autocast,
    activityRegularizer: null,
    activityLosses: [],
    isDisposed: false,
    owner: half.owner,
  };
}

/** Throws unless `stage` can be in a stack, before the stage `next`. */
function requireFit(stage: Stage, next: Stage | undefined, argument: string): void {
  if (stage.halves.some(({ options }) => options.returnState)) {
    throw unfit(stage, argument, "return_state: false", "return_state: true", "Pass return_state to the stack.");
  }
  if (next === undefined) return;
  if (!returnsSequences(stage)) {
    throw unfit(stage, argument, "return_sequences: true, because a layer follows it", "return_sequences: false");
  }
  if (stage.merge === null) {
    throw unfit(stage, argument, "one output, because a layer follows it", "merge_mode: null, which has two");
  }
  if (!next.autocast && next.dtype !== stage.dtype) {
    throw expectedText(
      "ERR_DTYPE",
      argument,
      `a layer of dtype "${next.dtype}", because "${next.name}" has \`autocast: false\``,
      `"${stage.name}" of dtype "${stage.dtype}"`,
    );
  }
}

function unfit({ name }: Stage, argument: string, wanted: string, received: string, remedy?: string): GRUError {
  return expectedText("ERR_ARGUMENT", argument, `a layer with ${wanted},`, `"${name}" with ${received}`, { remedy });
}

/** Throws `ERR_ARGUMENT` when a GRU comes twice. It could neither carry two states nor draw two dropout masks. */
function requireDifferent(halves: readonly LayerParts[]): void {
  halves.forEach((half, index) => {
    if (halves.indexOf(half) === index) return;
    throw expectedText("ERR_ARGUMENT", "layers", "different layers", `the GRU "${half.name}" twice`);
  });
}
