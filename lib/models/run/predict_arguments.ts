import { readSignal } from "../../arguments/signal.js";
import { expected } from "../../errors/messages.js";
import { reading } from "../../errors/reading.js";
import { readRecord } from "../../options/record.js";

/** The arguments of `predict`. */
export interface PredictArguments {
  /** The most samples to compute at a time. By default all of them. */
  batch_size?: number | null | undefined;
  /** Called after each batch with the numbers of samples that are done, and of all samples. */
  progress?: ((done: number, total: number) => void) | null | undefined;
}

/** The arguments of `predictAsync`. */
export interface PredictAsyncArguments extends PredictArguments {
  /** Aborts the call. */
  signal?: AbortSignal | null | undefined;
}

/** Arguments of a prediction that have been read. */
export interface ReadPredict {
  readonly batchSize: number | null;
  readonly progress: ((done: number, total: number) => void) | null;
  readonly signal: AbortSignal | null;
}

const SYNC = new Set(["batch_size", "progress"]);
const ASYNC = new Set([...SYNC, "signal"]);

/** Reads the arguments of `predict` or `predictAsync`. Throws `ERR_ARGUMENT`. */
export function readPredict(args: unknown, method: "predict" | "predictAsync"): ReadPredict {
  return reading(method, () => {
    const record = readRecord(args ?? {}, method === "predict" ? SYNC : ASYNC, method);
    const { batch_size = null, progress = null, signal } = record;
    if (batch_size !== null && !(Number.isSafeInteger(batch_size) && (batch_size as number) > 0)) {
      throw expected("ERR_ARGUMENT", "batch_size", "a positive integer", batch_size);
    }
    if (progress !== null && typeof progress !== "function") {
      throw expected("ERR_ARGUMENT", "progress", "a function", progress);
    }
    return {
      batchSize: batch_size as number | null,
      progress: progress as ReadPredict["progress"],
      signal: readSignal(signal),
    };
  });
}
