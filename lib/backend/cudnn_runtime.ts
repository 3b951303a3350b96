import type { NativeCudnnDtype } from "../native/binding.js";
import { CALL_FLAGS } from "../native/contract.js";
import { native } from "../native/load.js";

/** Whether the cuDNN path works on a device in a dtype, and what was found, in one sentence. */
export interface RuntimeVerdict {
  readonly met: boolean;
  readonly detail: string;
  /** Whether the answer stays for the life of the process. A device that is only full or busy is asked again. */
  readonly final: boolean;
}

const verdicts = new Map<string, RuntimeVerdict>();

/**
 * Whether the cuDNN path works on this device in this dtype. Asked for the first time, it looks for driver and cuDNN and
 * makes tiny computations. That it works then holds for the life of the process, so that a CUDA failure after it is
 * an error of the call and never a silent change of path. Throws `ERR_NATIVE_LOAD` without the addon.
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

/** What `configure({ allow_tf32 })` last set; the native side is told with each call. */
const settings = { allowTf32: false };

/** Whether float32 products on the cuDNN path may round their factors to TF32. */
export function isTf32Allowed(): boolean {
  return settings.allowTf32;
}

/** Sets what `isTf32Allowed` tells, for the calls submitted from now on. */
export function allowTf32(value: boolean): void {
  settings.allowTf32 = value;
}

/** The bits that the cuDNN path adds to the flags of a native call, as configured now. */
export function cudnnFlags(): number {
  return CALL_FLAGS.cudnn | (settings.allowTf32 ? CALL_FLAGS.allowTf32 : 0);
}
