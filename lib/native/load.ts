import { createRequire } from "node:module";
import { isAbsolute } from "node:path";
import { GRUError } from "../errors/gru_error.js";
import { expected } from "../errors/messages.js";
import { packageRoot } from "../package_root.js";
import type { NativeBinding } from "./binding.js";
import { requireContract } from "./contract.js";
import { describeFailure, type LoadFailure, loadError } from "./load_failure.js";

const require = createRequire(import.meta.url);

/**
 * Returns the environment variable that names another binary. Deno throws here unless the user permits reading it, and
 * then there is none.
 */
function override(): string | undefined {
  try {
    return process.env.CUDNN_GRU_ADDON;
  } catch {
    return undefined;
  }
}

/**
 * Returns the paths where the addon may be, best first. Throws `ERR_NATIVE_LOAD` when the environment variable names a
 * file relative to the working directory.
 */
function candidates(): string[] {
  const given = override();
  if (given) {
    if (isAbsolute(given)) return [given];
    throw expected("ERR_NATIVE_LOAD", "CUDNN_GRU_ADDON", "an absolute path", given, {
      remedy: "The environment variable may not name a file of the working directory.",
    });
  }
  return [
    `${packageRoot}build/Release/cudnn_gru.node`,
    `${packageRoot}build-cmake/Release/cudnn_gru.node`,
    `${packageRoot}prebuilds/${process.platform}-${process.arch}/cudnn_gru.node`,
  ];
}

/** The binaries that the last attempt to load the addon tried and did not use. */
let failures: LoadFailure[] = [];

/** The binary that is loaded, and its path. */
let loaded: { binding: NativeBinding; path: string } | undefined;

function load(): { binding: NativeBinding; path: string } {
  failures = [];
  for (const path of candidates()) {
    try {
      const binding = require(path) as NativeBinding;
      requireContract(binding.contract, path);
      binding.initialize(GRUError);
      return { binding, path };
    } catch (error) {
      failures.push(describeFailure(path, error));
      // A GRUError means that the binary loaded and then refused its environment, for example the value of
      // CUDNN_GRU_ISA.
      if (error instanceof GRUError) throw error;
    }
  }
  throw loadError(failures, { named: Boolean(override()) });
}

/** Returns the addon, which the first call loads. Throws `ERR_NATIVE_LOAD`, which lists every path that was tried. */
export function native(): NativeBinding {
  loaded ??= load();
  return loaded.binding;
}

/** Says which binary is loaded, and which ones were tried and not used by the last attempt to load one. */
export function loadOutcome(): { path: string | null; failures: readonly LoadFailure[] } {
  return { path: loaded?.path ?? null, failures };
}
