import { BASIC_RULES } from "./basic.js";
import { BIDIRECTIONAL_RULE } from "./bidirectional.js";
import { CONVOLUTION_RULES } from "./convolution.js";
import { MERGE_RULES } from "./merge.js";
import { NORMALIZATION_RULES } from "./normalization.js";
import { RECURRENT_RULES, ruleOfGru } from "./recurrent.js";
import type { Config, LayerRule } from "./rule.js";

/** All classes of layers that are converted, except TimeDistributed, the inputs and the models. */
export const RULES: readonly LayerRule[] = [
  ...BASIC_RULES,
  ...MERGE_RULES,
  ...NORMALIZATION_RULES,
  ...CONVOLUTION_RULES,
  ...RECURRENT_RULES,
  BIDIRECTIONAL_RULE,
];

const BY_KERAS = new Map(RULES.map((rule) => [rule.keras, rule]));
const BY_TFJS = new Map(RULES.map((rule) => [rule.tfjs, rule]));

/** Returns the rule of a class of Keras. */
export function ruleOfKeras(className: string): LayerRule | undefined {
  return BY_KERAS.get(className);
}

/** Returns the rule of a layer that tfjs saved as `className` with `config`. */
export function ruleOfTfjs(className: string, config: Config): LayerRule | undefined {
  return className === "GRU" ? ruleOfGru(config) : BY_TFJS.get(className);
}
