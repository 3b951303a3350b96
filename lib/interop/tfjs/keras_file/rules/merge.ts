// Layers that make one tensor of several.

import type { MaskRule } from "./mask_rule.js";
import type { LayerRule } from "./rule.js";
import { named, same } from "./rule.js";

const MERGES: MaskRule = { reads: { keras: false, tfjs: false }, keras: "merge", tfjs: "merge" };

/** Keras leaves masked values out of these merges, which tfjs does not. */
const LEAVES_MASKED_OUT: MaskRule = { ...MERGES, reads: { keras: true, tfjs: false } };

function merge(name: string, masks: MaskRule): LayerRule {
  return { keras: name, tfjs: name, args: {}, masks };
}

/** The rules of these layers. (tfjs has no Subtract.) */
export const MERGE_RULES: readonly LayerRule[] = [
  ...["Add", "Average"].map((name) => merge(name, MERGES)),
  ...["Multiply", "Maximum", "Minimum"].map((name) => merge(name, LEAVES_MASKED_OUT)),
  {
    keras: "Concatenate",
    tfjs: "Concatenate",
    args: named({ axis: same(-1) }),
    masks: { reads: { keras: false, tfjs: false }, keras: "concatenate", tfjs: "concatenate" },
  },
  {
    keras: "Dot",
    tfjs: "Dot",
    args: named({ axes: same(), normalize: same(false) }),
    masks: { reads: { keras: false, tfjs: false }, keras: "none", tfjs: "none" },
  },
];
