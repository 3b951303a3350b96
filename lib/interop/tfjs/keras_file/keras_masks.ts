// The masks of tensors in Keras 3 (3.15.1, keras/src/layers/layer.py and the layers' compute_mask).
import type { CallBudget } from "./call_budget.js";
import type { CommonLayer, CommonModel, PlainLayer } from "./common_model.js";
import { MaskExpression } from "./mask_expression.js";
import { type Readings, readingKey } from "./readings.js";
import { keyOf, type Ref } from "./ref.js";
import { callsInOrder } from "./shapes.js";

/** The mask of a tensor, which may have none. */
export type Mask = MaskExpression | null;

/** How the masks of a model are found. */
export interface KerasMasking {
  /** Gets the mask that each layer reads. */
  readonly readings: Readings;
  /** The place of the model. */
  readonly scope: string;
  /** The masks of the model's inputs. Absent ones are `null`. */
  readonly given: readonly Mask[];
  readonly budget: CallBudget;
  /** True for the masks while a model is defined, in which the outputs of inner models have none. */
  readonly symbolic: boolean;
}

/** The masks of the tensors of one model. */
export interface KerasMasks {
  /** Returns the mask of a tensor. */
  of(ref: Ref): Mask;
  /** Returns the mask that a layer is called with. */
  read(layer: string, call: number): Mask;
}

/** Returns the masks of all tensors of `model`. */
export function kerasMasks(model: CommonModel, masking: KerasMasking): KerasMasks {
  const masks = new Map<string, Mask>();
  const read = new Map<string, Mask>();
  const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  model.inputs.forEach((ref, index) => {
    masks.set(keyOf(ref), masking.given[index] ?? null);
  });
  for (const [name, call] of callsInOrder(model)) {
    const layer = layers.get(name) as CommonLayer;
    if (layer.kind === "input") continue;
    masking.budget.take();
    const key = readingKey(masking.scope, name, call);
    const { inputs, states, mask } = layer.calls[call] as CommonLayer["calls"][number];
    const own = inputs.map((ref) => masks.get(keyOf(ref)) ?? null);
    // A layer that is called with several tensors does not get the mask of the first.
    const implicit = states.length > 0 || inputs.length > 1 ? null : (own[0] ?? null);
    const got = mask ?? implicit;
    read.set(`${name}:${call}`, got);
    // A merge reads the masks of all its inputs.
    const isMerge = layer.kind === "layer" && layer.converted.rule.masks.keras === "merge";
    const reading = got ?? (isMerge ? own.find((one) => one !== null) : null) ?? null;
    if (reading !== null) masking.readings.set(key, reading.key);
    let outputs: readonly Mask[];
    if (layer.kind === "model") {
      const given = mask === undefined ? own : [mask];
      const inner = kerasMasks(layer.model, { ...masking, scope: `${key}/`, given });
      outputs = masking.symbolic ? [] : layer.model.outputs.map((ref) => inner.of(ref));
    } else {
      outputs = outputMasks(layer, inputs, mask === undefined ? own : [mask], masking.scope);
    }
    outputs.forEach((output, index) => {
      masks.set(keyOf({ layer: name, call, output: index }), output);
    });
  }
  return { of: (ref) => masks.get(keyOf(ref)) ?? null, read: (layer, call) => read.get(`${layer}:${call}`) ?? null };
}

/** Returns the masks of a layer's outputs. */
function outputMasks(layer: PlainLayer, inputs: readonly Ref[], masks: readonly Mask[], scope: string): Mask[] {
  const { rule, keras } = layer.converted;
  const [first] = inputs as [Ref];
  const mask = masks[0] ?? null;
  switch (rule.masks.keras) {
    case "none":
      return [];
    case "input":
      return [mask];
    case "sequences": {
      const config = rule.keras === "Bidirectional" ? (keras.layer as { config: typeof keras }).config : keras;
      if (config.return_sequences !== true) return [];
      return rule.keras === "Bidirectional" && keras.merge_mode === null ? [mask, mask] : [mask];
    }
    case "embedding":
      return keras.mask_zero === true ? [MaskExpression.notEqual(first, scope + keyOf(first), 0)] : [];
    case "masking":
      return [MaskExpression.any(MaskExpression.notEqual(first, scope + keyOf(first), keras.mask_value ?? 0))];
    case "merge":
      return masks.includes(null)
        ? []
        : [masks.reduce((one, other) => MaskExpression.or(one as MaskExpression, other as MaskExpression))];
    case "concatenate":
      return concatenated(inputs, masks, scope, keras.axis);
  }
}

function concatenated(inputs: readonly Ref[], masks: readonly Mask[], scope: string, axis: unknown): Mask[] {
  if (masks.every((mask) => mask === null)) return [];
  const wide = masks.map((mask, index) => {
    const input = inputs[index] as Ref;
    if (mask === null) return MaskExpression.ones(input, scope + keyOf(input));
    return MaskExpression.or(MaskExpression.expanded(mask), MaskExpression.zeros(input));
  });
  return [MaskExpression.any(MaskExpression.joined(wide, Number(axis ?? -1)))];
}
