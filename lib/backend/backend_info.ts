import type { NativeCudnnInfo } from "../native/binding.js";
import { native } from "../native/load.js";
import { isTf32Allowed } from "./cudnn_runtime.js";

/** The paths that can compute on this machine, and for every other path the reason why it cannot. */
export interface BackendInfo {
  /** The CPU path. */
  cpu: {
    /** Whether the addon is loaded, so that calls can run on the CPU. */
    available: boolean;
    /** Why the CPU path cannot be used, when it cannot. */
    reason?: string;
    /** The kernels in use: `"reference"`, `"baseline"`, `"avx2"`, `"avx512"`, `"avx512_bf16"` or `"neon"`; `null` when unavailable. */
    isa: string | null;
    /** The kernels that this CPU can run, slowest first. */
    isas: string[];
    /** The number of threads that a call may use. */
    threads: number;
    /** The number of CPUs that this process may use, by its affinity mask and cgroup quota. */
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
    /** The version of cuDNN, such as `"9.24.0"`; `null` when none is loaded. */
    version: string | null;
    /** The file that cuDNN was loaded from, with links resolved; `null` when none is loaded. */
    path: string | null;
    /**
     * The paths that were tried, in order. Each entry says what was found and, in parentheses, why the path was tried.
     */
    tried: string[];
    /** The value that `configure({ allow_tf32 })` last set. */
    allow_tf32: boolean;
  };
}

/** A CUDA device as the driver reports it. */
export interface CudaDevice {
  /** The index of the device, for the argument `cuda_device`. */
  index: number;
  /** The device's name, as the driver reports it. */
  name: string;
  /** The compute capability, such as `"9.0"`. */
  computeCapability: string;
  /** The size of the device's memory in bytes. */
  totalMemory: number;
}

/**
 * Reports which paths can compute on this machine. Never throws and creates no CUDA context. `reason` says what is
 * missing.
 */
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

/** Returns the information without the key `reason` when there is no reason. */
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

/** The memory that this package's native side holds in this process, in bytes. */
export interface MemoryUsage {
  /** The packed weights of all layers that exist. */
  weights: number;
  /** The scratch memory of the CPU path. */
  scratch: number;
  /** The memory that passes on the CPU path keep for `backward`. */
  passes: number;
  /**
   * The memory on CUDA devices: weights, workspaces, the memory that passes keep for `backward`, and memory kept for
   * later calls.
   */
  device: number;
  /** The page-locked host memory through which data travels to and from devices. */
  pinned: number;
}

/** Returns the native memory of the whole process. Throws `ERR_NATIVE_LOAD`. */
export function memoryUsage(): MemoryUsage {
  return native().memoryUsage();
}
