import type { GRUOptions } from "../arguments/constructor.js";

/**
 * Returns a layer in one line: `GRU "encoder" of 4 units, float32: [batch, timesteps, 3] → [batch, 4]`. `features` is
 * `null` for a layer that is not built.
 */
export function layerText(options: GRUOptions, name: string, features: number | null | "disposed"): string {
  const { units, returnSequences, returnState } = options;
  const output = returnSequences ? `[batch, timesteps, ${units}]` : `[batch, ${units}]`;
  const results = returnState ? `[output ${output}, state [batch, ${units}]]` : output;
  const inputs = `[batch, timesteps, ${typeof features === "number" ? features : "features"}]`;
  const condition = features === null ? ", not built" : features === "disposed" ? ", disposed" : "";
  const counted = `${units} ${units === 1 ? "unit" : "units"}`;
  return `GRU ${JSON.stringify(name)} of ${counted}, ${options.policy.name}: ${inputs} → ${results}${condition}`;
}
