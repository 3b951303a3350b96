import type { NativeCudnnDtype } from "../native/binding.js";
import { CALL_FLAGS } from "../native/contract.js";
import { native } from "../native/load.js";

/** Whether the cuDNN path works on one device in one dtype. */
export interface RuntimeVerdict {
  /** True when it works. */
  readonly met: boolean;
  /** One sentence that says what was found. */
  readonly detail: string;
  /** True when the answer holds for the life of the process. A device that is only full or busy is asked again. */
  readonly final: boolean;
}

const verdicts = new Map<string, RuntimeVerdict>();

/**
 * Returns whether the cuDNN path works on this device in this dtype. The first question loads the driver and cuDNN and
 * runs tiny computations. A positive answer then holds for the life of the process, so that a later CUDA failure is an
 * error of the call and never silently changes the path. Throws `ERR_NATIVE_LOAD` without the addon.
 */
export function cudnnRuntime(device: number, dtype: NativeCudnnDtype): RuntimeVerdict {
  const key = `${device} ${dtype}`;
  let verdict = verdicts.get(key);
  if (verdict === undefined) {
    const { met, detail, final } = native().cudnnRuntime(device, dtype);
    verdict = { met, detail: detail.endsWith(".") ? detail : `${detail}.`, final };
    if (final) verdicts.set(key, verdict);
  }
  return verdict;
}

/** The values that `configure` last set. Each native call passes them on to the addon. */
const settings = { allowTf32: false };

/** True when float32 products on the cuDNN path may round their factors to TF32. */
export function isTf32Allowed(): boolean {
  return settings.allowTf32;
}

/** Sets whether calls submitted from now on may use TF32. */
export function allowTf32(value: boolean): void {
  settings.allowTf32 = value;
}

/** Returns the bits that the cuDNN path adds to the flags of a native call, with the current configuration. */
export function cudnnFlags(): number {
  return CALL_FLAGS.cudnn | (settings.allowTf32 ? CALL_FLAGS.allowTf32 : 0);
}
