import { reading } from "../errors/reading.js";
import { native } from "../native/load.js";
import { readRecord } from "../options/record.js";
import { requireBoolean, requireBound, requireInteger } from "../options/values.js";
import { limitAsyncCalls } from "./async_limit.js";
import { allowTf32, isTf32Allowed } from "./cudnn_runtime.js";

/** The settings that `configure` changes. */
export interface Configuration {
  /** The number of threads that a call may use, 1..1024. */
  threads?: number | undefined;
  /** Whether float32 products on the cuDNN path may round their factors to TF32; false by default. */
  allow_tf32?: boolean | undefined;
  /**
   * The greatest number of asynchronous calls that may run or wait in this environment (the main thread, or the worker
   * that sets it): an integer from 1, or `Infinity` (the default). Further calls are rejected with `ERR_BUSY`. Calls
   * already in flight are not affected.
   */
  maxQueue?: number | undefined;
}

const KNOWN: ReadonlySet<string> = new Set(["threads", "allow_tf32", "maxQueue"]);

/**
 * Changes settings of the whole process (`maxQueue`: of this environment). Settings that are left out do not change.
 * Throws `ERR_ARGUMENT` for an unknown key or a value out of range, and then changes nothing.
 */
export function configure(configuration: Configuration): void {
  const { threads, allow_tf32, maxQueue } = reading("configure", () => {
    readRecord(configuration, KNOWN, "configure", "configuration");
    return { ...configuration };
  });
  const tf32 = requireBoolean(allow_tf32, "allow_tf32", isTf32Allowed());
  const queue = maxQueue === undefined ? undefined : requireBound(maxQueue, "maxQueue");
  if (threads !== undefined)
    native().setThreads(requireInteger(threads, "threads", "an integer from 1 to 1024", 1, 1024));
  allowTf32(tf32);
  if (queue !== undefined) limitAsyncCalls(queue);
}
