// The order of the layers of a functional model in Keras 3 (3.15.1, keras/src/ops/function.py: map_graph), by which Keras
// numbers the layers of a class in its weights files. It is the depth of the layers, seen from the outputs. The operations
// that compute masks count too, although they are no layers.
import { CallBudget } from "./call_budget.js";
import type { CommonLayer, CommonModel } from "./common_model.js";
import { type KerasMasks, kerasMasks } from "./keras_masks.js";
import { MaskExpression, type Parent } from "./mask_expression.js";

/** A call of a layer, or an operation, which has one. */
interface GraphNode {
  /** The layer or operation. */
  readonly of: CommonLayer | MaskExpression;
  readonly parents: readonly GraphNode[];
}

/** Returns the layers of `model` in Keras's order. */
export function kerasOrder(model: CommonModel): CommonLayer[] {
  const masks = symbolicMasks(model);
  const walk = new Walk(model, masks);
  for (const output of model.outputs) walk.visit(walk.nodeOf(output));
  const depths = depthsOf(walk.finished);
  const isReached = (layer: CommonLayer) => depths.has(layer);
  // Inputs that lead to no output come last but before the layers of depth 0.
  const key = (layer: CommonLayer) => [depths.get(layer) ?? 0, walk.found.get(layer) ?? -1] as const;
  return model.layers
    .filter((layer) => isReached(layer) || layer.kind === "input")
    .sort((one, other) => key(other)[0] - key(one)[0] || key(one)[1] - key(other)[1]);
}

/** Returns the masks of a model while it is defined. */
export function symbolicMasks(model: CommonModel): KerasMasks {
  const budget = new CallBudget();
  return kerasMasks(model, { readings: new Map(), scope: "", given: [], budget, symbolic: true });
}

/** Walks from the outputs to the inputs, depth first. */
class Walk {
  /** The layers and operations, numbered in the order in which the walk comes to them. */
  readonly found = new Map<CommonLayer | MaskExpression, number>();
  /** The calls and operations, each after those whose results it takes. */
  readonly finished: GraphNode[] = [];
  readonly #layers: ReadonlyMap<string, CommonLayer>;
  readonly #masks: KerasMasks;
  readonly #nodes = new Map<string | MaskExpression, GraphNode>();
  readonly #done = new Set<GraphNode>();

  constructor(model: CommonModel, masks: KerasMasks) {
    this.#masks = masks;
    this.#layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  }

  /** Returns the node whose result is a tensor or a mask. */
  nodeOf(parent: Parent): GraphNode {
    const key = parent instanceof MaskExpression ? parent : `${parent.layer}:${parent.call}`;
    let node = this.#nodes.get(key);
    if (node === undefined) {
      node = parent instanceof MaskExpression ? this.#operation(parent) : this.#call(parent.layer, parent.call);
      this.#nodes.set(key, node);
    }
    return node;
  }

  #operation(mask: MaskExpression): GraphNode {
    return { of: mask, parents: mask.parents.map((parent) => this.nodeOf(parent)) };
  }

  #call(name: string, call: number): GraphNode {
    const layer = this.#layers.get(name) as CommonLayer;
    const { inputs = [], states = [] } = layer.calls[call] ?? {};
    const mask = takesMask(layer) ? this.#masks.read(name, call) : null;
    // Keras has positional arguments first, and then the others by their names.
    const parents: Parent[] = [...inputs, ...states, ...(mask === null ? [] : [mask])];
    return { of: layer, parents: parents.map((parent) => this.nodeOf(parent)) };
  }

  visit(node: GraphNode): void {
    if (this.#done.has(node)) return;
    if (!this.found.has(node.of)) this.found.set(node.of, this.found.size);
    for (const parent of node.parents) this.visit(parent);
    this.#done.add(node);
    this.finished.push(node);
  }
}

/** True for a layer whose call has an argument for the mask. */
export function takesMask(layer: CommonLayer): boolean {
  if (layer.kind !== "layer") return layer.kind === "model";
  const { rule } = layer.converted;
  return rule.masks.reads.keras || rule.keras === "TimeDistributed";
}

function depthsOf(finished: readonly GraphNode[]): Map<CommonLayer | MaskExpression, number> {
  const ofNodes = new Map<GraphNode, number>();
  const depths = new Map<CommonLayer | MaskExpression, number>();
  for (const node of [...finished].reverse()) {
    const depth = Math.max(ofNodes.get(node) ?? 0, depths.get(node.of) ?? 0);
    depths.set(node.of, depth);
    ofNodes.set(node, depth);
    for (const parent of node.parents) ofNodes.set(parent, Math.max(depth + 1, ofNodes.get(parent) ?? 0));
  }
  return depths;
}
