import { cudnnRuntime } from "../backend/cudnn_runtime.js";
import { type BackendInfo, backendInfo } from "../index.js";
import type { NativeCudnnDtype } from "../native/binding.js";
import { packageVersion } from "../package_root.js";

const DTYPES: readonly NativeCudnnDtype[] = ["float32", "float64", "float16", "bfloat16"];

/** Whether calls in one dtype can run on one device. */
export interface DtypeVerdict {
  dtype: NativeCudnnDtype;
  /** True when they can. */
  met: boolean;
  /** One sentence that says why, or why not. */
  detail: string;
}

/** The result of `doctor`. It can be written as JSON. */
export interface DoctorReport {
  version: string;
  node: string;
  platform: string;
  /** The index of the CUDA device that was tried. */
  device: number;
  /** The path of a float32 call that meets every other requirement of cuDNN. */
  path: "cudnn" | "cpu";
  backend: BackendInfo;
  runtime: DtypeVerdict[];
  /** What to do so that calls run on the GPU. Empty when they already do. */
  advice: string[];
}

/** Tries everything on one device: loads the libraries, makes a context there and computes. Never throws. */
export function examine(device: number): DoctorReport {
  const backend = backendInfo();
  const runtime = DTYPES.map((dtype) => ({ dtype, ...judged(device, dtype) }));
  const path = runtime[0]?.met ? "cudnn" : "cpu";
  return {
    version: packageVersion(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    device,
    path,
    backend,
    runtime,
    advice: path === "cudnn" ? [] : adviceFor(backend, device),
  };
}

function judged(device: number, dtype: NativeCudnnDtype): { met: boolean; detail: string } {
  try {
    const { met, detail } = cudnnRuntime(device, dtype);
    return { met, detail };
  } catch (error) {
    return { met: false, detail: (error as Error).message };
  }
}

function adviceFor({ cpu, cuda, cudnn }: BackendInfo, device: number): string[] {
  if (!cpu.available)
    return ["Make the addon load first; where no prebuilt binary fits, `npx cudnn-gru build` builds one."];
  if (process.platform !== "linux") return ["The cuDNN path is for Linux; here every call runs on the CPU."];
  if (/^(?!0$|$)/.test(process.env.CUDNN_GRU_DISABLE_CUDA ?? "")) return ["Unset CUDNN_GRU_DISABLE_CUDA."];
  const advice: string[] = [];
  if (!cuda.available) {
    advice.push(
      "Make `nvidia-smi` show a GPU: install NVIDIA's driver on the host; start a container with its GPUs " +
        "(docker run --gpus all); let CUDA_VISIBLE_DEVICES name a device, or unset it.",
    );
  } else if (!cuda.devices.some(({ index }) => index === device)) {
    const known = cuda.devices.map(({ index }) => index).join(", ");
    advice.push(`Choose a device that exists: ${known}.`);
  }
  if (!cudnn.available) advice.push(cudnnAdvice(cudnn, cuda.driver));
  if (advice.length === 0) advice.push("See the reason of float32 above.");
  return advice;
}

/**
 * Returns advice about a cuDNN that cannot be used. It may be missing, it may be unusable, or an environment variable
 * may point to the wrong folder.
 */
function cudnnAdvice({ path }: BackendInfo["cudnn"], driver: string | null): string {
  const named = process.env.CUDNN_GRU_CUDNN_PATH;
  if (named) {
    return (
      `CUDNN_GRU_CUDNN_PATH is ${named}, and cuDNN is looked for nowhere else: let it name the folder of a ` +
      "libcudnn_adv.so.9 that is whole and fits the driver (an absolute path), or unset it, so that the usual places are searched."
    );
  }
  // A driver supports the CUDA version that it names, and older versions.
  const major = driver !== null && Number.parseInt(driver, 10) < 13 ? 12 : 13;
  const wheel =
    driver === null
      ? "`pip install nvidia-cudnn-cu13` (nvidia-cudnn-cu12 for a driver before CUDA 13)"
      : `\`pip install nvidia-cudnn-cu${major}\``;
  if (path !== null) {
    return (
      `Mend or replace ${path}, as the reason of cuDNN above says: ${wheel} brings a cuDNN for this driver with its ` +
      "cuBLAS. CUDNN_GRU_CUDNN_PATH names the folder of another libcudnn_adv.so.9."
    );
  }
  return (
    `Install cuDNN 9: ${wheel}, or \`apt install cudnn9-cuda-${major}\` from NVIDIA's repository, or ` +
    "`conda install -c conda-forge cudnn`. CUDNN_GRU_CUDNN_PATH names the folder of libcudnn_adv.so.9 where it is not " +
    "found by itself."
  );
}
