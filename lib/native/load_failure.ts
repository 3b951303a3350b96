import { GRUError } from "../errors/gru_error.js";
import { expectedText } from "../errors/messages.js";
import { isPermissionError, permissionAdvice } from "../errors/permissions.js";
import { adviceIfBroken, adviceIfMissing } from "./load_advice.js";
import { type Machine, machineText } from "./machine.js";

/**
 * Why a binary was not used. `missing`: there is no such file. `forbidden`: the runtime does not permit this process to
 * read or load it. `version`: it belongs to another version of the package. `refused`: it loaded and then refused the value
 * of an environment variable. `broken`: anything else, such as a system library that is too old for it.
 */
export type LoadFailureKind = "missing" | "forbidden" | "version" | "refused" | "broken";

/** A binary that was tried and not used. */
export interface LoadFailure {
  /** The path of the binary. */
  path: string;
  kind: LoadFailureKind;
  /** The message of the runtime, of the loader, or of the binary. */
  reason: string;
}

/** Describes the failure that loading the binary at `path` ended with. */
export function describeFailure(path: string, error: unknown): LoadFailure {
  if (error instanceof GRUError) {
    return { path, kind: error.code === "ERR_NATIVE_LOAD" ? "version" : "refused", reason: error.message };
  }
  try {
    const { message } = error as Error;
    return { path, kind: kindOf(error), reason: message.split("\n")[0] as string };
  } catch {
    // CUDNN_GRU_ADDON may name a script, which can throw anything.
    return { path, kind: "broken", reason: "loading it throws a value that is no error" };
  }
}

function kindOf(error: unknown): LoadFailureKind {
  if (isPermissionError(error)) return "forbidden";
  return (error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND" ? "missing" : "broken";
}

/**
 * Makes the error of a process that could load none of the binaries. It lists them all, and says what helps. `named` says
 * whether CUDNN_GRU_ADDON named the only binary.
 */
export function loadError(failures: readonly LoadFailure[], machine: Machine, { named }: { named: boolean }): GRUError {
  const where = `${machineText(machine)}, Node ${process.version}`;
  const forbidden = failures.find(({ kind }) => kind === "forbidden");
  if (forbidden) {
    return expectedText(
      "ERR_NATIVE_LOAD",
      "cudnn-gru",
      "the permission to load its native addon",
      `none on ${where} (${forbidden.path}: ${forbidden.reason.replace(/\.$/, "")})`,
      { remedy: permissionAdvice("addon") },
    );
  }
  const tried = failures.map(({ path, reason }) => `  ${path}: ${reason}`).join("\n");
  const advice = named
    ? "CUDNN_GRU_ADDON names this binary, so no other was tried. Correct or unset it."
    : `${adviceOnBinaries(failures, machine)} CUDNN_GRU_ADDON names a binary to load instead.`;
  return expectedText("ERR_NATIVE_LOAD", "cudnn-gru", "a native addon", `none that could be loaded on ${where}`, {
    remedy: `Tried:\n${tried}\n${advice}`,
  });
}

/** Returns what helps a process on `machine` that tried binaries in the usual places and could load none. */
export function adviceOnBinaries(failures: readonly LoadFailure[], machine: Machine): string {
  const broken = failures.find(({ kind }) => kind === "broken");
  return broken === undefined ? adviceIfMissing(machine) : adviceIfBroken(broken.reason, machine);
}
