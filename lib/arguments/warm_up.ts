import { expected } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import { isRecord, refuseUnknown, requireInteger, SIZE_LIMIT } from "./predicates.js";

/** The sizes that `warmUp` prepares for. */
export interface WarmUpSizes {
  /** Rows of a call: a positive integer. */
  batch: number;
  /** Timesteps of a call: a positive integer. */
  timesteps: number;
}

const KNOWN: ReadonlySet<string> = new Set(["batch", "timesteps"]);
const WHAT = "an integer from 1 to 2^31 - 1";

/** Reads the argument of `warmUp`. Throws `ERR_ARGUMENT`. */
export function readWarmUp(value: unknown): WarmUpSizes {
  return reading("warmUp", () => {
    if (!isRecord(value)) throw expected("ERR_ARGUMENT", "sizes", "an object { batch, timesteps }", value);
    refuseUnknown(value, KNOWN, "warmUp");
    return {
      batch: requireInteger(value.batch, "batch", WHAT, 1, SIZE_LIMIT - 1),
      timesteps: requireInteger(value.timesteps, "timesteps", WHAT, 1, SIZE_LIMIT - 1),
    };
  });
}
