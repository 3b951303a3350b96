import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { GRUError } from "../errors/gru_error.js";
import { expected } from "../errors/messages.js";
import { besideThisCode, installedRoot, isInBundle, packageRoot, requireFrom } from "../package_root.js";
import { prebuiltBinary } from "../prebuilt_binaries.js";
import type { NativeBinding } from "./binding.js";
import { requireContract } from "./contract_check.js";
import { requireWholeElf } from "./elf.js";
import { describeFailure, type LoadFailure, loadError } from "./load_failure.js";
import { targetsFor, thisMachine } from "./machine.js";

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
 * Yields the paths where the addon may be, best first. Throws `ERR_NATIVE_LOAD` when the environment variable names a
 * file relative to the working directory.
 */
function* candidates(): Generator<string> {
  const given = override();
  if (given) {
    if (!isAbsolute(given)) {
      throw expected("ERR_NATIVE_LOAD", "CUDNN_GRU_ADDON", "an absolute path", given, {
        remedy: "The environment variable may not name a file of the working directory.",
      });
    }
    yield given;
    return;
  }
  yield `${packageRoot}build/Release/cudnn_gru.node`;
  yield `${packageRoot}build-cmake/Release/cudnn_gru.node`;
  const targets = targetsFor(thisMachine());
  for (const target of targets) {
    const path = ownBinary(target);
    if (path !== undefined) yield path;
  }
  yield* candidatesOfBundle(targets);
}

/** Returns the path of this package's binary for `target`. A bundler may have given it another name. */
function ownBinary(target: string): string | undefined {
  try {
    const url = prebuiltBinary(target);
    return url && fileURLToPath(url);
  } catch {
    return undefined;
  }
}

/** Yields the paths of binaries beside a user's bundle that this code is in, and in the package that is installed there. */
function* candidatesOfBundle(targets: readonly string[]): Generator<string> {
  if (!isInBundle()) return;
  const binaries = targets.map((target) => `prebuilds/${target}/cudnn_gru.node`);
  for (const folder of besideThisCode) yield* binaries.map((binary) => folder + binary);
  const installed = installedRoot();
  if (installed !== undefined) {
    yield* ["build-cmake/Release/cudnn_gru.node", ...binaries].map((binary) => installed + binary);
  }
}

/** The binaries that the last attempt to load the addon tried and did not use. */
let failures: LoadFailure[] = [];

/** The binary that is loaded, and its path. */
let loaded: { binding: NativeBinding; path: string } | undefined;

function load(): { binding: NativeBinding; path: string } {
  failures = [];
  for (const path of candidates()) {
    try {
      if (path.endsWith(".node")) requireWholeElf(path);
      const binding = requireFrom(path) as NativeBinding;
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
  throw loadError(failures, thisMachine(), { named: Boolean(override()) });
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
