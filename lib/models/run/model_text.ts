import { flatten, type Structure } from "../graph/structure.js";
import type { ModelLayer } from "../layers/model_layer.js";
import type { OpenShape } from "./describe.js";

/** Returns a shape as Keras prints it: `(None, 24)`. */
export function kerasShape(shape: OpenShape): string {
  const sizes = shape.map((size) => size ?? "None").join(", ");
  return shape.length === 1 ? `(${sizes},)` : `(${sizes})`;
}

/**
 * Returns a model in one line: `KerasModel "forecaster" of 2 layers, 4,344 parameters: (None, 96, 3) → (None, 24)`. `outputs`
 * are the shapes of the outputs where they are known. `condition` is what follows, such as `, disposed`.
 */
export function modelText(model: ModelLayer, outputs: readonly OpenShape[] | null, condition: string): string {
  const layers = model.children.flatMap((child) => child.all());
  const params = layers.flatMap(({ slots }) => slots).reduce((sum, { count }) => sum + count, 0);
  const counted = `${layers.length} ${layers.length === 1 ? "layer" : "layers"}, ${params.toLocaleString("en-US")} parameters`;
  const inputs = flatten(model.inputs as Structure<{ readonly shape: OpenShape }>).map(({ shape }) => shape);
  const results = outputs === null ? "" : ` → ${listText(outputs)}`;
  return `KerasModel ${JSON.stringify(model.entry.name)} of ${counted}: ${listText(inputs)}${results}${condition}`;
}

function listText(shapes: readonly OpenShape[]): string {
  const list = shapes.map(kerasShape).join(", ");
  return shapes.length === 1 ? list : `[${list}]`;
}
