import { expected } from "../errors/messages.js";
import { suggestion } from "../errors/suggestion.js";

/** How a Bidirectional makes one output of the outputs of its halves. `null` leaves two outputs. */
export type MergeMode = "concat" | "sum" | "mul" | "ave" | null;

const NAMES = ["concat", "sum", "mul", "ave"] as const;

function remedyFor(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  if (/^(null|none|undefined)$/i.test(value)) return "Python's None is null here, without quotes.";
  return suggestion(value, NAMES);
}

/** Reads the argument `merge_mode`. Throws `ERR_ARGUMENT`, which suggests the nearest mode. */
export function readMergeMode(value: unknown): MergeMode {
  if (value === undefined) return "concat";
  const found = NAMES.find((name) => name === value);
  if (found !== undefined) return found;
  if (value === null) return null;
  const remedy = remedyFor(value);
  throw expected("ERR_ARGUMENT", "merge_mode", '"concat", "sum", "mul", "ave" or null', value, { remedy });
}
