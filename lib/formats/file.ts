import { type FileHandle, open, stat } from "node:fs/promises";
import { GRUError } from "../errors.js";
import { formatBytes, MAX_WEIGHTS_BYTES } from "./limits.js";
import { fileProblem } from "./problem.js";

/**
 * Opens the regular file at `path`, passes it and its size to `use`, and closes it again.
 *
 * @param kind what the file should be, for messages.
 * @throws GRUError `ERR_ARGUMENT` if there is no readable file at `path`.
 */
export async function withFile<T>(
  path: string,
  use: (file: FileHandle, size: number) => Promise<T>,
  kind = "a Keras model file",
): Promise<T> {
  const { file, size } = await openFile(path, kind);
  try {
    return await use(file, size);
  } finally {
    await file.close();
  }
}

async function openFile(path: string, kind: string): Promise<{ file: FileHandle; size: number }> {
  let file: FileHandle | undefined;
  try {
    // Opening a FIFO would wait for a writer, so the kind of file is asked for first.
    const { isFile, size } = await stat(path).then((stats) => ({ isFile: stats.isFile(), size: stats.size }));
    if (!isFile) throw Object.assign(new Error("not a regular file"), { code: "not a regular file" });
    file = await open(path, "r");
    return { file, size };
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
    const message = `Expected the path of ${kind} for \`path\` but received ${JSON.stringify(path)} (${reason})`;
    throw new GRUError("ERR_ARGUMENT", message, { cause });
  }
}

/** The bytes of `file`, which is `size` bytes long. Throws `ERR_FILE_FORMAT` for more than {@link MAX_WEIGHTS_BYTES}. */
export async function readWhole(file: FileHandle, size: number): Promise<Uint8Array<ArrayBuffer>> {
  if (size > MAX_WEIGHTS_BYTES) {
    throw fileProblem(`expected at most ${formatBytes(MAX_WEIGHTS_BYTES)} but found ${formatBytes(size)}`);
  }
  const bytes = new Uint8Array(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await file.read(bytes, filled, Math.min(size - filled, 2 ** 30), filled);
    if (bytesRead === 0) throw fileProblem(`expected ${size} bytes but found ${filled}`);
    filled += bytesRead;
  }
  return bytes;
}
