import { type FileHandle, open, stat } from "node:fs/promises";
import { expectedText } from "../errors/messages.js";
import { isPermissionError, permissionRemedy } from "../errors/permissions.js";
import { fileError } from "./file_errors.js";
import { formatBytes, MAX_WEIGHTS_BYTES } from "./limits.js";
import type { Source } from "./source.js";

/** A file that is open for reading: one on the disk, or bytes in memory. */
export interface OpenFile {
  /** The file's length in bytes. */
  readonly size: number;
  /**
   * Copies `length` bytes of the file, from `position`, to `into`, from `offset`. Copies fewer at the end of the file.
   */
  read(into: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  /** Returns the whole file in memory of its own. Bytes in memory are given away, so this may be called only once. */
  readWhole(): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Opens the regular file or the bytes that `source` names, passes them to `use`, and closes the file again.
 *
 * @param kind the expected kind of file, for messages.
 * @throws GRUError `ERR_ARGUMENT` if there is no readable file there.
 */
export async function withFile<T>(
  source: Source,
  use: (file: OpenFile) => Promise<T>,
  kind = "a Keras model file",
): Promise<T> {
  if ("bytes" in source.file) return use(inMemory(source.file.bytes));
  const { file, size } = await openFile(source.file.path, kind);
  try {
    return await use({
      size,
      read: (into, offset, length, position) => file.read(into, offset, length, position),
      readWhole: () => readWhole(file, size),
    });
  } finally {
    await file.close();
  }
}

function inMemory(bytes: Uint8Array<ArrayBuffer>): OpenFile {
  return {
    size: bytes.length,
    read: async (into, offset, length, position) => {
      const piece = bytes.subarray(position, position + length);
      into.set(piece, offset);
      return { bytesRead: piece.length };
    },
    readWhole: async () => {
      requireSize(bytes.length);
      return bytes;
    },
  };
}

async function openFile(path: string, kind: string): Promise<{ file: FileHandle; size: number }> {
  let file: FileHandle | undefined;
  try {
    // Opening a FIFO would wait for a writer, so the kind of file is checked first.
    const { isFile, size } = await stat(path).then((stats) => ({ isFile: stats.isFile(), size: stats.size }));
    if (!isFile) throw Object.assign(new Error("not a regular file"), { code: "not a regular file" });
    file = await open(path, "r");
    return { file, size };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
    const reason = isPermissionError(cause) ? "this process is not permitted to read it" : code;
    const received = `${JSON.stringify(path)} (${reason})`;
    throw expectedText("ERR_ARGUMENT", "source", `the path of ${kind}`, received, {
      cause,
      ...permissionRemedy(cause, "read"),
    });
  }
}

function requireSize(size: number): void {
  if (size > MAX_WEIGHTS_BYTES) {
    throw fileError(`expected at most ${formatBytes(MAX_WEIGHTS_BYTES)} but found ${formatBytes(size)}`);
  }
}

async function readWhole(file: FileHandle, size: number): Promise<Uint8Array<ArrayBuffer>> {
  requireSize(size);
  const bytes = new Uint8Array(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await file.read(bytes, filled, Math.min(size - filled, 2 ** 30), filled);
    if (bytesRead === 0) throw fileError(`expected ${size} bytes but found ${filled}`);
    filled += bytesRead;
  }
  return bytes;
}
