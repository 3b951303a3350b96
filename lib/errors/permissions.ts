/** Something that `node --permission` and Deno let a process do only if the user permits it. */
export type Access = "addon" | "read" | "write" | "thread";

const NODE_OPTIONS: Readonly<Record<Access, string>> = {
  addon: "--allow-addons",
  read: "--allow-fs-read=<folder>",
  write: "--allow-fs-write=<folder>",
  thread: "--allow-worker",
};

const DENO_OPTIONS: Readonly<Record<Access, string>> = {
  addon: "--allow-read --allow-ffi",
  read: "--allow-read=<folder>",
  write: "--allow-read=<folder> --allow-write=<folder>",
  thread: "--allow-read",
};

/** Whether `error` says that the user did not permit the process to do what it tried. */
export function isPermissionError(error: unknown): boolean {
  const { code, name } = error as NodeJS.ErrnoException;
  // The codes are those of `node --permission`, and the name is Deno's. A file that the system protects is EACCES.
  return code === "ERR_ACCESS_DENIED" || code === "ERR_DLOPEN_DISABLED" || name === "NotCapable";
}

/** Returns one sentence that says how the user permits this access. */
export function permissionAdvice(access: Access): string {
  const [runtime, options] = process.versions.deno === undefined ? ["node", NODE_OPTIONS] : ["deno", DENO_OPTIONS];
  return `To permit it, run ${runtime} with ${options[access]}.`;
}

/** Returns the advice as the remedy of an error, or nothing if `error` is another failure. */
export function permissionRemedy(error: unknown, access: Access): { remedy?: string } {
  return isPermissionError(error) ? { remedy: permissionAdvice(access) } : {};
}
