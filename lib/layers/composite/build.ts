import { requireWeightMemory } from "../../arguments/memory.js";
import { formatShape } from "../../errors/describe.js";
import { expectedText } from "../../errors/messages.js";
import type { GRUWeights } from "../weights/gru_weights.js";
import { allLockedWhile, type Composite, stageFeatures } from "./composite.js";

/**
 * Throws `ERR_SHAPE` when a layer was built for other features than it gets when the first layer gets `features`.
 * `argument` is where `features` come from.
 */
export function requireFittingFeatures(composite: Composite, features: number, argument: string): void {
  const widths = stageFeatures(composite, features);
  composite.stages.forEach(({ halves, name }, stage) => {
    for (const half of halves) {
      const built = half.weights.features;
      if (built === null || built === widths[stage]) continue;
      if (stage === 0) throw expectedText("ERR_SHAPE", argument, `${built} features`, `${features}`);
      const before = composite.stages[stage - 1]?.name;
      throw expectedText(
        "ERR_SHAPE",
        `layers[${stage}]`,
        `a layer for ${widths[stage]} features, which "${before}" returns,`,
        `"${half.name === name ? name : `${name}/${half.name}`}", which is built for inputs of shape ${formatShape([null, null, built])}`,
      );
    }
  });
}

/** Returns the number of features that each half gets when the first layer gets `features`. */
export function halfFeatures(composite: Composite, features: number): number[] {
  const widths = stageFeatures(composite, features);
  return composite.stages.flatMap((stage, index) => stage.halves.map(() => widths[index] as number));
}

/**
 * Returns the weights of all halves for inputs of so many features. Makes those that there are not yet. When it throws,
 * no layer has changed.
 */
export function buildAll(composite: Composite, features: number): GRUWeights[] {
  const { halves } = composite;
  requireFittingFeatures(composite, features, "inputs");
  const featuresOf = halfFeatures(composite, features);
  const isBuilt = halves.every(({ weights }) => weights.features !== null);
  if (isBuilt) return halves.map(({ weights }, index) => weights.forFeatures(featuresOf[index] as number));
  halves.forEach(({ weights, options }, index) => {
    if (weights.features === null) requireWeightMemory(options, featuresOf[index] as number);
  });
  const all = allLockedWhile(composite, () =>
    halves.map(({ weights }, index) => weights.candidate(featuresOf[index] as number, "initial")),
  );
  halves.forEach(({ weights }, index) => {
    weights.adopt(all[index] as GRUWeights);
  });
  return all;
}
