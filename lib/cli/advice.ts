import { permissionAdvice } from "../errors/permissions.js";
import type { BackendInfo } from "../index.js";
import { adviceOnBinaries, type LoadFailure } from "../native/load_failure.js";
import type { Machine } from "../native/machine.js";

/** The environment variables that the advice depends on. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The facts about an addon that does not load. */
export interface LoadFacts {
  /** The message of the error. */
  reason: string;
  /** The binaries that were tried. */
  failures: readonly LoadFailure[];
  machine: Machine;
  environment: Environment;
}

/** Returns advice that makes the addon load, and that fits the cause. */
export function adviceToLoad({ reason, failures, machine, environment }: LoadFacts): string[] {
  const kinds = new Set(failures.map(({ kind }) => kind));
  const variable = /for the environment variable `(\w+)`/.exec(reason)?.[1];
  if (variable) return [`Unset ${variable}, or give it a value that the reason above allows.`];
  if (kinds.has("forbidden")) return [permissionAdvice("addon")];
  const named = environment.CUDNN_GRU_ADDON;
  if (named) {
    return [
      `Unset CUDNN_GRU_ADDON, so that the package's own binary is loaded, or correct it. It is ${named}, and must be the ` +
        "absolute path of a cudnn_gru.node of this version that was built for this machine.",
    ];
  }
  if (kinds.has("version")) {
    return [
      `Remove ${failures.find(({ kind }) => kind === "version")?.path}, which another version of cudnn-gru left behind, and ` +
        "install the package again, or build the binary again.",
    ];
  }
  const present = failures.filter(({ kind }) => kind === "broken").map(({ path }) => path);
  const advice = adviceOnBinaries(failures, machine);
  return [present.length === 0 ? advice : `${present.join(" and ")} cannot be loaded, for the reason above. ${advice}`];
}

/** Returns advice that makes calls run on the GPU. */
export function adviceForGpu(
  { cuda, cudnn }: BackendInfo,
  device: number,
  platform: NodeJS.Platform,
  environment: Environment,
): string[] {
  if (platform !== "linux") return ["Use Linux: the cuDNN path exists on no other system."];
  if (/^(?!0$|$)/.test(environment.CUDNN_GRU_DISABLE_CUDA ?? "")) return ["Unset CUDNN_GRU_DISABLE_CUDA."];
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
  if (!cudnn.available) advice.push(cudnnAdvice(cudnn, cuda.driver, environment.CUDNN_GRU_CUDNN_PATH));
  if (advice.length === 0) advice.push("See the reason of float32 above.");
  return advice;
}

/**
 * Returns advice about a cuDNN that cannot be used. It may be missing, it may be unusable, or an environment variable
 * may point to the wrong folder.
 */
function cudnnAdvice({ path }: BackendInfo["cudnn"], driver: string | null, named: string | undefined): string {
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
