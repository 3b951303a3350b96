import { interpreterOf } from "./elf.js";

/** A C library of Linux. A binary works with the one that it was built for. */
export type Libc = "glibc" | "musl";

/**
 * Returns the C library that the program in `file` runs with, according to the name of the loader which its ELF header asks
 * for. Returns `null` if it asks for none or an unknown one, or cannot be read.
 *
 * `process.report.getReport()` would tell too, but takes 19 ms, and seconds where it looks up the names of open connections.
 */
export function libcOf(file: string): Libc | null {
  try {
    const name = interpreterOf(file)?.split("/").at(-1);
    if (name === undefined) return null;
    if (name.startsWith("ld-musl-")) return "musl";
    return name.startsWith("ld-linux") || name.startsWith("ld64.so") ? "glibc" : null;
  } catch {
    // For example Deno, or `node --permission`, which may not permit reading the program.
    return null;
  }
}
