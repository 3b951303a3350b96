import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";

const HEADER_BYTES = 64;
const PT_INTERP = 3;
const MOST_HEADERS = 1024;
const LONGEST_NAME = 4096;

/** A file in the format of Linux's programs and libraries (ELF) that is open, and its header. */
interface ElfFile {
  readonly descriptor: number;
  readonly header: Buffer;
}

/**
 * Returns what `read` returns for an ELF file with 64 bits and little endian numbers, and `undefined` for any other file. Throws
 * what the file system throws.
 */
function readElf<T>(file: string, read: (elf: ElfFile) => T): T | undefined {
  // Opening a named pipe would wait for somebody who writes to it.
  if (!statSync(file).isFile()) return undefined;
  const descriptor = openSync(file, "r");
  try {
    const header = bytesAt(descriptor, 0, HEADER_BYTES);
    const isElf = header.length === HEADER_BYTES && header.toString("latin1", 0, 6) === "\x7fELF\x02\x01";
    return isElf ? read({ descriptor, header }) : undefined;
  } finally {
    closeSync(descriptor);
  }
}

/** Returns `length` bytes of an open file, or fewer if it ends before. */
function bytesAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position));
}

/** Returns the path of the loader that a program asks for, or `undefined` if it asks for none or is no ELF file. */
export function interpreterOf(file: string): string | undefined {
  return readElf(file, ({ descriptor, header }) => {
    const size = header.readUInt16LE(54);
    const count = Math.min(header.readUInt16LE(56), MOST_HEADERS);
    const headers = bytesAt(descriptor, Number(header.readBigUInt64LE(32)), size * count);
    for (let at = 0; at < headers.length; at += size) {
      if (headers.readUInt32LE(at) !== PT_INTERP) continue;
      const length = Math.min(Number(headers.readBigUInt64LE(at + 32)), LONGEST_NAME);
      const name = bytesAt(descriptor, Number(headers.readBigUInt64LE(at + 8)), length);
      return name.toString("latin1").replace(/\0.*$/s, "");
    }
    return undefined;
  });
}

/**
 * Throws an `Error` for an ELF file that is shorter than its header says, as an interrupted download or copy leaves it. The
 * loader of the system would map such a file, and then end the process by SIGBUS. The table of sections is the last thing in
 * the file. A file that is no ELF file, or that cannot be read, is left to the loader.
 */
export function requireWholeElf(file: string): void {
  const sizes = sizesOf(file);
  if (sizes === undefined || sizes.actual >= sizes.expected) return;
  throw new Error(`the file is cut off: its header describes ${sizes.expected} bytes, but it has ${sizes.actual}`);
}

function sizesOf(file: string): { actual: number; expected: number } | undefined {
  try {
    return readElf(file, ({ descriptor, header }) => ({
      actual: fstatSync(descriptor).size,
      expected: Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60),
    }));
  } catch {
    return undefined;
  }
}
