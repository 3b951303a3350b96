import { GRUError } from "../errors/gru_error.js";
import { expectedText } from "../errors/messages.js";
import { isPermissionError, permissionAdvice } from "../errors/permissions.js";

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
  const { message } = error as Error;
  return { path, kind: kindOf(error), reason: message.split("\n")[0] as string };
}

function kindOf(error: unknown): LoadFailureKind {
  if (isPermissionError(error)) return "forbidden";
  return (error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND" ? "missing" : "broken";
}

/**
 * Makes the error of a process that could load none of the binaries. It lists them all, and says what helps. `named` says
 * whether CUDNN_GRU_ADDON named the only binary.
 */
export function loadError(failures: readonly LoadFailure[], { named }: { named: boolean }): GRUError {
  const machine = `${process.platform}-${process.arch}, Node ${process.version}`;
  const forbidden = failures.find(({ kind }) => kind === "forbidden");
  if (forbidden) {
    return expectedText(
      "ERR_NATIVE_LOAD",
      "cudnn-gru",
      "the permission to load its native addon",
      `none on ${machine} (${forbidden.path}: ${forbidden.reason.replace(/\.$/, "")})`,
      { remedy: permissionAdvice("addon") },
    );
  }
  const tried = failures.map(({ path, reason }) => `  ${path}: ${reason}`).join("\n");
  const advice = named
    ? "CUDNN_GRU_ADDON names this binary, so no other was tried. Correct or unset it."
    : `${buildAdvice(process.platform)} CUDNN_GRU_ADDON names a binary to load instead.`;
  return expectedText("ERR_NATIVE_LOAD", "cudnn-gru", "a native addon", `none that could be loaded on ${machine}`, {
    remedy: `Tried:\n${tried}\n${advice}`,
  });
}

/** Returns how to get a binary for a platform. The sources can be built on Linux and macOS. */
export function buildAdvice(platform: NodeJS.Platform): string {
  if (platform === "linux" || platform === "darwin") {
    return (
      'In a clone, "npm test" builds it. From an installed package, "npx cudnn-gru build" builds it with CMake and a ' +
      "C++17 compiler."
    );
  }
  const where = platform === "win32" ? "On Windows, use WSL 2, which runs Linux." : "Use Linux or macOS.";
  return `Its sources can be built on Linux and macOS only. ${where}`;
}
