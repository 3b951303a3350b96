// Which masks layers read: in Keras when a model runs, and in tfjs. A model is converted only where both are the same.
import { CallBudget } from "./call_budget.js";
import type { CommonModel, PlainLayer } from "./common_model.js";
import { kerasMasks } from "./keras_masks.js";
import { type Readings, readingKey } from "./readings.js";
import { refused } from "./refusal.js";
import { tfjsMasks } from "./tfjs_masks.js";

/**
 * Throws `ERR_UNSUPPORTED` when a layer reads another mask in tfjs than in Keras, where the layer's numbers depend on it.
 */
export function checkMasks(model: CommonModel): void {
  if (!hasMasks(model)) return;
  const keras: Readings = new Map();
  kerasMasks(model, { readings: keras, scope: "", given: [], budget: new CallBudget(), symbolic: false });
  // In training tfjs passes the mask of one layer on to others in one more way than in prediction.
  for (const isTraining of [false, true]) {
    const tfjs: Readings = new Map();
    tfjsMasks(model, { readings: tfjs, scope: "", kwargs: isTraining ? {} : undefined, budget: new CallBudget() });
    compare(model, "", keras, tfjs, new CallBudget());
  }
}

/** True for a model with a layer that makes masks. */
function hasMasks({ layers }: CommonModel): boolean {
  return layers.some((layer) => {
    if (layer.kind === "input") return false;
    if (layer.kind === "model") return hasMasks(layer.model);
    const { rule, keras } = layer.converted;
    const isExplicit = layer.calls.some(({ mask }) => mask !== undefined);
    return isExplicit || rule.keras === "Masking" || (rule.keras === "Embedding" && keras.mask_zero === true);
  });
}

function compare(model: CommonModel, scope: string, keras: Readings, tfjs: Readings, budget: CallBudget): void {
  for (const layer of model.layers) {
    layer.calls.forEach((_, call) => {
      budget.take();
      const key = readingKey(scope, layer.name, call);
      if (layer.kind === "model") compare(layer.model, `${key}/`, keras, tfjs, budget);
      else if (layer.kind === "layer") compareCall(layer, keras.get(key), tfjs.get(key));
    });
  }
}

function compareCall(layer: PlainLayer, keras: string | undefined, tfjs: string | undefined): void {
  const { reads } = layer.converted.rule.masks;
  const inKeras = reads.keras ? keras : undefined;
  const inTfjs = reads.tfjs ? tfjs : undefined;
  if (inKeras === inTfjs) return;
  const differs =
    inKeras === undefined
      ? "in tfjs it would get a mask, which it does not get in Keras"
      : inTfjs === undefined
        ? "it reads the mask of its inputs in Keras, which in tfjs it does not"
        : "the mask of its inputs is another one in tfjs than in Keras";
  throw refused(layer.where, `its numbers would differ: ${differs}`);
}
