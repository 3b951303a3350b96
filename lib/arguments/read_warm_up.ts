import { reading } from "../errors/reading.js";
import { readRecord } from "../options/record.js";
import { requireInteger, SIZE_LIMIT } from "../options/values.js";

/** The sizes that `warmUp` prepares for. */
export interface WarmUpSizes {
  /** The number of rows of a call: a positive integer. */
  batch: number;
  /** The number of timesteps of a call: a positive integer. */
  timesteps: number;
}

const KNOWN: ReadonlySet<string> = new Set(["batch", "timesteps"]);
const WANTED = "an integer from 1 to 2^31 - 1";

/** Reads the argument of `warmUp`. Throws `ERR_ARGUMENT`. */
export function readWarmUp(value: unknown): WarmUpSizes {
  return reading("warmUp", () => {
    const { batch, timesteps } = readRecord(value, KNOWN, "warmUp", "sizes", "an object { batch, timesteps }");
    return {
      batch: requireInteger(batch, "batch", WANTED, 1, SIZE_LIMIT - 1),
      timesteps: requireInteger(timesteps, "timesteps", WANTED, 1, SIZE_LIMIT - 1),
    };
  });
}
