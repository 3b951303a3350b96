// The masks that layers get in tfjs (4.22, tfjs-layers/src/engine/executor.ts), in the order in which it runs them. It puts
// the mask of a layer's first input into an object that it passes from layer to layer, and nobody takes it out again: a
// layer whose inputs have no mask gets the mask of a layer before.
import type { CallBudget } from "./call_budget.js";
import { type CommonLayer, type CommonModel, outputCount, type PlainLayer } from "./common_model.js";
import { type Readings, readingKey } from "./readings.js";
import { keyOf, type Ref } from "./ref.js";

/** The object that tfjs passes from layer to layer. */
interface Kwargs {
  mask?: string | null;
}

/** How the masks of a model are found. */
export interface TfjsMasking {
  readonly readings: Readings;
  readonly scope: string;
  /** In prediction there is none at first. */
  readonly kwargs: Kwargs | undefined;
  readonly budget: CallBudget;
}

/** Runs `model` for its masks, and notes which mask each layer reads. */
export function tfjsMasks(model: CommonModel, masking: TfjsMasking): void {
  const { readings, scope, budget } = masking;
  let { kwargs } = masking;
  const masks = new Map<string, string | null>();
  const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  for (const tensor of executionOrder(model, layers)) {
    const layer = layers.get(tensor.layer) as CommonLayer;
    if (layer.kind === "input") continue;
    budget.take();
    const inputs = inputsOf(layer, tensor.call);
    const inputMasks = inputs.map((ref) => masks.get(keyOf(ref)) ?? null);
    if (inputMasks.some((mask) => mask !== null)) {
      kwargs ??= {};
      kwargs.mask = inputMasks[0] ?? null;
    }
    const key = readingKey(scope, tensor.layer, tensor.call);
    const mask = kwargs?.mask ?? null;
    if (mask !== null) readings.set(key, mask);
    let output: string | null = null;
    if (layer.kind === "model") tfjsMasks(layer.model, { readings, scope: `${key}/`, kwargs: kwargs ?? {}, budget });
    else {
      output = outputMask(layer, inputs, inputMasks, scope);
      // This package's layers do take the mask out.
      if (["GRU", "Bidirectional"].includes(layer.converted.rule.tfjs) && kwargs !== undefined) delete kwargs.mask;
    }
    for (let index = 0; index < outputCount(layer); index += 1) {
      const outputKey = keyOf({ ...tensor, output: index });
      // Each output that is used is computed anew, and the mask of the first time stays.
      if (!masks.has(outputKey)) masks.set(outputKey, output);
    }
  }
}

function inputsOf(layer: CommonLayer, call: number): readonly Ref[] {
  const found = layer.calls[call];
  return found === undefined ? [] : [...found.inputs, ...found.states];
}

/** Returns the mask that all outputs of a layer get. */
function outputMask(
  layer: PlainLayer,
  inputs: readonly Ref[],
  masks: readonly (string | null)[],
  scope: string,
): string | null {
  const { rule, keras } = layer.converted;
  const of = scope + keyOf(inputs[0] as Ref);
  const mask = masks[0] ?? null;
  switch (rule.masks.tfjs) {
    case "none":
      return null;
    case "input":
      return mask;
    case "sequences": {
      const config = rule.keras === "Bidirectional" ? (keras.layer as { config: typeof keras }).config : keras;
      return config.return_sequences === true ? mask : null;
    }
    case "embedding":
      return keras.mask_zero === true ? `(${of} != 0)` : null;
    case "masking":
      return `any((${of} != ${JSON.stringify(keras.mask_value ?? 0)}))`;
    // tfjs gives the mask of these one dimension too many.
    case "merge":
      return masks.every((one) => one === null) ? null : `tfjs's merge of ${layer.name}`;
    case "concatenate": {
      if (masks.every((one) => one === null)) return null;
      // tfjs takes "all" where Keras takes "any", which is the same for one mask on the last axis.
      const isOne = new Set(masks).size === 1 && (keras.axis ?? -1) === -1;
      return isOne ? mask : `tfjs's concatenation of ${layer.name}`;
    }
  }
}

/**
 * Returns the tensors of `model` in the order in which tfjs computes them. It walks back from each output, and takes the
 * inputs of a layer from the last to the first.
 */
function executionOrder(model: CommonModel, layers: ReadonlyMap<string, CommonLayer>): Ref[] {
  const all: Ref[] = [];
  const seen = new Set<string>();
  for (const output of model.outputs) {
    for (const tensor of orderOfOne(model, layers, output)) {
      if (!seen.has(keyOf(tensor))) all.push(tensor);
      seen.add(keyOf(tensor));
    }
  }
  return all;
}

function orderOfOne(model: CommonModel, layers: ReadonlyMap<string, CommonLayer>, output: Ref): Ref[] {
  const sorted: Ref[] = [];
  const visited = new Set(model.inputs.map(keyOf));
  const stack = [output];
  const opened = new Set<string>();
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const key = keyOf(top);
    const inputs = inputsOf(layers.get(top.layer) as CommonLayer, top.call);
    if (visited.has(key)) stack.pop();
    else if (inputs.length === 0 || opened.has(key)) {
      stack.pop();
      sorted.push(top);
      visited.add(key);
    } else {
      opened.add(key);
      stack.push(...inputs.filter((ref) => !visited.has(keyOf(ref))));
    }
  }
  return sorted;
}
