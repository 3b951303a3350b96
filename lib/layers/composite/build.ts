import { requireWeightMemory } from "../../arguments/memory.js";
import { formatShape } from "../../errors/describe.js";
import type { GRUError } from "../../errors/gru_error.js";
import { expectedText } from "../../errors/messages.js";
import type { LayerParts } from "../layer_parts.js";
import type { GRUWeights } from "../weights/gru_weights.js";
import { allLockedWhile, type Composite, outputWidth, type Stage } from "./composite.js";

/** Returns the number of features that each half gets when the first layer gets `features`. */
export function halfFeatures({ stages, halves }: Composite, features: number): number[] {
  const all = halves.map(() => features);
  let at = 0;
  let own = features;
  for (const stage of stages) {
    for (let half = 0; half < stage.halves.length; half++) all[at++] = own;
    own = outputWidth(stage);
  }
  return all;
}

/**
 * Returns what `halfFeatures` returns. Throws `ERR_SHAPE` when a layer was built for other features than it gets.
 * `argument` is where `features` come from.
 */
export function fittingFeatures(composite: Composite, features: number, argument: string): number[] {
  const all = halfFeatures(composite, features);
  const { halves } = composite;
  for (let index = 0; index < halves.length; index++) {
    const half = halves[index] as LayerParts;
    const built = half.weights.features;
    if (built !== null && built !== all[index]) throw unfit(composite, half, all[index] as number, argument);
  }
  return all;
}

function unfit({ stages }: Composite, half: LayerParts, features: number, argument: string): GRUError {
  const built = half.weights.features as number;
  const at = stages.findIndex(({ halves }) => halves.some((own) => own === half));
  if (at === 0) return expectedText("ERR_SHAPE", argument, `${built} features`, `${features}`);
  const { name } = stages[at] as Stage;
  return expectedText(
    "ERR_SHAPE",
    `layers[${at}]`,
    `a layer for ${features} features, which "${(stages[at - 1] as Stage).name}" returns,`,
    `"${half.name === name ? name : `${name}/${half.name}`}", which is built for inputs of shape ${formatShape([null, null, built])}`,
  );
}

/**
 * Returns the weights of all halves for inputs of so many features, which `fittingFeatures` has returned. Makes those
 * that there are not yet. When it throws, no layer has changed.
 */
export function buildAll(composite: Composite, features: readonly number[]): GRUWeights[] {
  const { halves } = composite;
  const isBuilt = halves.every(({ weights }) => weights.features !== null);
  if (isBuilt) return halves.map(({ weights }, index) => weights.forFeatures(features[index] as number));
  halves.forEach(({ weights, options }, index) => {
    if (weights.features === null) requireWeightMemory(options, features[index] as number);
  });
  const all = allLockedWhile(composite, () =>
    halves.map(({ weights }, index) => weights.candidate(features[index] as number, "initial")),
  );
  halves.forEach(({ weights }, index) => {
    weights.adopt(all[index] as GRUWeights);
  });
  return all;
}
