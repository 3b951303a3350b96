import { expected } from "./arguments/messages.js";
import { isRecord, refuseUnknown, requireInteger } from "./arguments/predicates.js";
import { native } from "./native.js";
import { limitQueue } from "./queue.js";

/** What computes here, and what does not and why. */
export interface BackendInfo {
  cpu: {
    available: boolean;
    /** Why the CPU path cannot be used, when it cannot. */
    reason?: string;
    /** The kernels in use: `"reference"`, `"baseline"`, `"avx2"`, `"avx512"` or `"neon"`; `null` when unavailable. */
    isa: string | null;
    /** Kernels this CPU could run, slowest first. */
    isas: string[];
    /** Threads a call may use. */
    threads: number;
    /** CPUs this process may use, by its affinity mask and cgroup quota. */
    usableCpus: number;
  };
  cuda: { available: boolean; reason?: string; driver: string | null; devices: CudaDevice[] };
  cudnn: {
    available: boolean;
    reason?: string;
    version: string | null;
    path: string | null;
    /** Paths looked at, in order. */
    tried: string[];
    /** What `configure({ allow_tf32 })` last set. */
    allow_tf32: boolean;
  };
}

/** A CUDA device as the driver reports it. */
export interface CudaDevice {
  index: number;
  name: string;
}

/** What `configure` sets. */
export interface Configuration {
  /** Threads a call may use, 1..1024. */
  threads?: number;
  /** Whether float32 products on the cuDNN path may round their factors to TF32; default false. */
  allow_tf32?: boolean;
  /**
   * The most asynchronous calls that may be in flight, running or waiting, in this environment (the main thread, or the
   * worker that sets it): an integer from 1, or `Infinity` (the default) for no bound. Further ones are rejected with
   * `ERR_BUSY`; those already in flight stay.
   */
  maxQueue?: number;
}

const KNOWN: ReadonlySet<string> = new Set(["threads", "allow_tf32", "maxQueue"]);

const NO_CUDNN_PATH = "This version of cudnn-gru does not have its cuDNN path yet: every call runs on the CPU.";

/** Process-wide choices that the native side is told about with each call. */
const settings = { allowTf32: false };

/** Whether the cuDNN path works here, and why not. */
export function cudnnRuntime(): { met: boolean; detail: string } {
  return { met: false, detail: NO_CUDNN_PATH };
}

/** What computes here. Never throws and creates no CUDA context: what is missing is said in `reason`. */
export function backendInfo(): BackendInfo {
  return {
    cpu: cpuInfo(),
    cuda: { available: false, reason: NO_CUDNN_PATH, driver: null, devices: [] },
    cudnn: {
      available: false,
      reason: NO_CUDNN_PATH,
      version: null,
      path: null,
      tried: [],
      allow_tf32: settings.allowTf32,
    },
  };
}

function cpuInfo(): BackendInfo["cpu"] {
  try {
    const { isa, available, threads, usableCpus } = native().cpuInfo();
    return { available: true, isa, isas: available, threads, usableCpus };
  } catch (error) {
    return { available: false, reason: (error as Error).message, isa: null, isas: [], threads: 0, usableCpus: 0 };
  }
}

/**
 * Sets choices for the whole process (`maxQueue`: for this environment); what is left out stays. Throws `ERR_ARGUMENT`,
 * with nothing set, for an unknown key or a value out of range.
 */
export function configure(configuration: Configuration): void {
  if (!isRecord(configuration)) throw expected("ERR_ARGUMENT", "configuration", "an object", configuration);
  refuseUnknown(configuration as Record<string, unknown>, KNOWN, "configure");
  const { threads, allow_tf32, maxQueue } = configuration;
  if (allow_tf32 !== undefined && typeof allow_tf32 !== "boolean") {
    throw expected("ERR_ARGUMENT", "allow_tf32", "true or false", allow_tf32);
  }
  const queue = maxQueue === undefined ? undefined : readMaxQueue(maxQueue);
  if (threads !== undefined)
    native().setThreads(requireInteger(threads, "threads", "an integer from 1 to 1024", 1, 1024));
  if (allow_tf32 !== undefined) settings.allowTf32 = allow_tf32;
  if (queue !== undefined) limitQueue(queue);
}

function readMaxQueue(value: unknown): number {
  if (value === Number.POSITIVE_INFINITY) return value;
  return requireInteger(value, "maxQueue", "an integer from 1, or Infinity", 1, Number.MAX_SAFE_INTEGER);
}

/** Bytes of native memory held by this process: packed weights of living layers, and scratch memory. */
export function memoryUsage(): { weights: number; scratch: number } {
  return native().memoryUsage();
}
