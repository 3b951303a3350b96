import { closeSync, openSync, readSync } from "node:fs";

/** A C library of Linux. A binary works with the one that it was built for. */
export type Libc = "glibc" | "musl";

const PT_INTERP = 3;
const MOST_HEADERS = 1024;
const LONGEST_NAME = 4096;

/**
 * Returns the C library that the program in `file` runs with, according to the name of the loader which its ELF header asks
 * for. Returns `null` if it asks for none or an unknown one, or cannot be read.
 *
 * `process.report.getReport()` would tell too, but takes 19 ms, and seconds where it looks up the names of open connections.
 */
export function libcOf(file: string): Libc | null {
  try {
    const name = readInterpreter(file)?.split("/").at(-1);
    if (name === undefined) return null;
    if (name.startsWith("ld-musl-")) return "musl";
    return name.startsWith("ld-linux") || name.startsWith("ld64.so") ? "glibc" : null;
  } catch {
    // For example Deno, or `node --permission`, which may not permit reading the program.
    return null;
  }
}

/** Returns the path of the loader that an ELF file with 64 bits and little endian numbers asks for. */
function readInterpreter(file: string): string | undefined {
  const descriptor = openSync(file, "r");
  try {
    const header = read(descriptor, 0, 64);
    if (header.toString("latin1", 0, 6) !== "\x7fELF\x02\x01") return undefined;
    const size = header.readUInt16LE(54);
    const count = Math.min(header.readUInt16LE(56), MOST_HEADERS);
    const headers = read(descriptor, Number(header.readBigUInt64LE(32)), size * count);
    for (let at = 0; at < headers.length; at += size) {
      if (headers.readUInt32LE(at) !== PT_INTERP) continue;
      const length = Math.min(Number(headers.readBigUInt64LE(at + 32)), LONGEST_NAME);
      const name = read(descriptor, Number(headers.readBigUInt64LE(at + 8)), length);
      return name.toString("latin1").replace(/\0.*$/s, "");
    }
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

/** Returns `length` bytes of an open file, or fewer if it ends before. */
function read(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position));
}
