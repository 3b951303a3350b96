import { cudnnRuntime } from "../backend/cudnn_runtime.js";
import { type BackendInfo, backendInfo } from "../index.js";
import type { NativeCudnnDtype } from "../native/binding.js";
import { loadOutcome } from "../native/load.js";
import type { LoadFailure } from "../native/load_failure.js";
import { thisMachine } from "../native/machine.js";
import { PACKAGE_VERSION } from "../package_version.js";
import { adviceForGpu, adviceToLoad } from "./advice.js";

const DTYPES: readonly NativeCudnnDtype[] = ["float32", "float64", "float16", "bfloat16"];

/** Whether calls in one dtype can run on one device. */
export interface DtypeVerdict {
  dtype: NativeCudnnDtype;
  /** True when they can. */
  met: boolean;
  /** One sentence that says why, or why not. */
  detail: string;
}

/** The result of `doctor`. It can be written as JSON, and the text for a person has no other facts. */
export interface DoctorReport {
  version: string;
  node: string;
  platform: string;
  /** Whether layers can compute here, on any path. */
  works: boolean;
  /** The exit status of `doctor`: 0 if everything that was asked for works, and 1 if it does not. */
  exitStatus: 0 | 1;
  /** One or two sentences that say where calls run, and why the exit status is 1 if it is. */
  verdict: string;
  /** The native addon: the path of the binary that is loaded, or `null` and why none could be. */
  addon: { path: string | null; reason: string | null; failures: readonly LoadFailure[] };
  /** The index of the CUDA device that was tried. */
  device: number;
  /** The path of a float32 call that meets every other requirement of cuDNN. `null` where nothing works. */
  path: "cudnn" | "cpu" | null;
  backend: BackendInfo;
  /** Empty where nothing works. */
  runtime: DtypeVerdict[];
  /** Advice that makes the addon load, or else that makes calls run on the GPU. Empty when they already do. */
  advice: string[];
}

/**
 * Tries everything on one device: loads the libraries, makes a context there and computes. `requireCudnn` makes a machine
 * on which calls run on the CPU fail. Never throws.
 */
export function examine(device: number, { requireCudnn }: { requireCudnn: boolean }): DoctorReport {
  const backend = backendInfo();
  const works = backend.cpu.available;
  const runtime = works ? DTYPES.map((dtype) => ({ dtype, ...judged(device, dtype) })) : [];
  const path = pathOf(works, runtime);
  const fails = !works || (requireCudnn && path !== "cudnn");
  const reason = backend.cpu.reason ?? null;
  return {
    version: PACKAGE_VERSION,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    works,
    exitStatus: fails ? 1 : 0,
    verdict: verdictOf(path, device) + (works && fails ? " It fails, because --require-cudnn asks for the GPU." : ""),
    addon: { ...loadOutcome(), reason },
    device,
    path,
    backend,
    runtime,
    advice: adviceOn(path, backend, device),
  };
}

function pathOf(works: boolean, [float32]: readonly DtypeVerdict[]): DoctorReport["path"] {
  if (!works) return null;
  return float32?.met ? "cudnn" : "cpu";
}

function verdictOf(path: DoctorReport["path"], device: number): string {
  if (path === null) return "cudnn-gru does not work here, because its native addon does not load.";
  return path === "cudnn"
    ? `cudnn-gru works here. A call that meets Keras's requirements for cuDNN runs on the GPU (device ${device}).`
    : "cudnn-gru works here. Calls in float32 run on the CPU.";
}

function adviceOn(path: DoctorReport["path"], backend: BackendInfo, device: number): string[] {
  const { platform, env: environment } = process;
  if (path === "cudnn") return [];
  if (path === "cpu") return adviceForGpu(backend, device, platform, environment);
  return adviceToLoad({
    reason: backend.cpu.reason ?? "",
    failures: loadOutcome().failures,
    machine: thisMachine(),
    environment,
  });
}

function judged(device: number, dtype: NativeCudnnDtype): { met: boolean; detail: string } {
  try {
    const { met, detail } = cudnnRuntime(device, dtype);
    return { met, detail };
  } catch (error) {
    return { met: false, detail: (error as Error).message };
  }
}
