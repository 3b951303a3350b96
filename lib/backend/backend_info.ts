import { expected } from "../errors/messages.js";
import { reading } from "../errors/reading.js";
import type { NativeCudnnInfo } from "../native/binding.js";
import { native } from "../native/load.js";
import { readRecord } from "../options/record.js";
import { requireInteger } from "../options/values.js";
import { limitQueue } from "./call_queue.js";
import { allowTf32, isTf32Allowed } from "./cudnn_runtime.js";

/** What computes here, and what does not and why. */
export interface BackendInfo {
  /** The CPU path. */
  cpu: {
    /** Whether the addon is loaded, so that calls can run on the CPU. */
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
  /** The CUDA driver and its devices. */
  cuda: {
    /** Whether there is a device that can be used. */
    available: boolean;
    /** Why no CUDA device can be used, when none can. */
    reason?: string;
    /** The newest CUDA version that the driver serves, such as `"13.0"`; `null` without a driver. */
    driver: string | null;
    /** The devices, in the driver's order. Empty when there are none. */
    devices: CudaDevice[];
  };
  /** The cuDNN library. */
  cudnn: {
    /** Whether cuDNN 9 is loaded. A call also needs a device, and the self-check that `explain()` reports. */
    available: boolean;
    /** Why cuDNN could not be loaded, when it could not. */
    reason?: string;
    /** Such as `"9.24.0"`. */
    version: string | null;
    /** The file it was loaded from, links resolved. */
    path: string | null;
    /** Paths looked at, in order, each with what became of it and, in parentheses, what led there. */
    tried: string[];
    /** What `configure({ allow_tf32 })` last set. */
    allow_tf32: boolean;
  };
}

/** A CUDA device as the driver reports it. */
export interface CudaDevice {
  /** What `cuda_device` takes. */
  index: number;
  /** The device's name, as the driver reports it. */
  name: string;
  /** Such as `"9.0"`. */
  computeCapability: string;
  /** Bytes. */
  totalMemory: number;
}

/** What `configure` sets. */
export interface Configuration {
  /** Threads a call may use, 1..1024. */
  threads?: number | undefined;
  /** Whether float32 products on the cuDNN path may round their factors to TF32; default false. */
  allow_tf32?: boolean | undefined;
  /**
   * The most asynchronous calls that may be in flight, running or waiting, in this environment (the main thread, or the
   * worker that sets it): an integer from 1, or `Infinity` (the default) for no bound. Further ones are rejected with
   * `ERR_BUSY`; those already in flight stay.
   */
  maxQueue?: number | undefined;
}

const KNOWN: ReadonlySet<string> = new Set(["threads", "allow_tf32", "maxQueue"]);

/** What computes here. Never throws and creates no CUDA context: what is missing is said in `reason`. */
export function backendInfo(): BackendInfo {
  const { cuda, cudnn } = cudnnInfo();
  return {
    cpu: cpuInfo(),
    cuda: withReason(cuda),
    cudnn: { ...withReason(cudnn), allow_tf32: isTf32Allowed() },
  };
}

function cudnnInfo(): NativeCudnnInfo {
  try {
    return native().cudnnInfo();
  } catch (error) {
    const reason = (error as Error).message;
    return {
      cuda: { available: false, reason, driver: null, devices: [] },
      cudnn: { available: false, reason, version: null, path: null, tried: [] },
    };
  }
}

/** The key `reason` is there only where there is one. */
function withReason<T extends { reason: string | null }>({
  reason,
  ...rest
}: T): Omit<T, "reason"> & { reason?: string } {
  return reason === null ? rest : { ...rest, reason };
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
  const { threads, allow_tf32, maxQueue } = reading("configure", () => {
    readRecord(configuration, KNOWN, "configure", "configuration");
    return { ...configuration };
  });
  if (allow_tf32 !== undefined && typeof allow_tf32 !== "boolean") {
    throw expected("ERR_ARGUMENT", "allow_tf32", "true or false", allow_tf32);
  }
  const queue = maxQueue === undefined ? undefined : readMaxQueue(maxQueue);
  if (threads !== undefined)
    native().setThreads(requireInteger(threads, "threads", "an integer from 1 to 1024", 1, 1024));
  if (allow_tf32 !== undefined) allowTf32(allow_tf32);
  if (queue !== undefined) limitQueue(queue);
}

function readMaxQueue(value: unknown): number {
  if (value === Number.POSITIVE_INFINITY) return value;
  return requireInteger(value, "maxQueue", "an integer from 1, or Infinity", 1, Number.MAX_SAFE_INTEGER);
}

/** Bytes that this package's native side holds in this process. */
export interface MemoryUsage {
  /** Packed weights of living layers. */
  weights: number;
  /** Scratch memory of the CPU path. */
  scratch: number;
  /** What passes of the CPU path keep for `backward`. */
  passes: number;
  /** On CUDA devices: weights, workspaces, what passes keep for `backward`, and what is kept for later calls. */
  device: number;
  /** Page-locked host memory, through which data travels to and from devices. */
  pinned: number;
}

/** Native memory of the whole process. Throws `ERR_NATIVE_LOAD`. */
export function memoryUsage(): MemoryUsage {
  return native().memoryUsage();
}
