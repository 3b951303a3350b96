import { randomBytes } from "node:crypto";
import { type FileHandle, link, open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expectedText } from "../errors/messages.js";

/** The largest number of bytes for one write. The system accepts at most 2 GiB. */
const PIECE_BYTES = 2 ** 30;

/**
 * Writes `parts`, one after the other, to the file at `path`: either all of them or nothing. They go to a new file in
 * the same folder, which replaces `path` once it is on the disk. Whoever opens `path` meanwhile, or after a crash,
 * finds the complete old file or the complete new one. The new file gets the permissions of the file it replaces. A
 * symbolic link stays a link, and the file it points to is replaced. With `overwrite: false` nothing is ever replaced.
 *
 * @throws GRUError `ERR_ARGUMENT` if the file cannot be written (no such folder, no permission, a directory or a device
 * at `path`, no space; `EEXIST` with `overwrite: false`), caused by the system's error. The file at `path` is then
 * unchanged, and no other file is left beside it.
 */
export async function writeAtomically(
  path: string,
  parts: readonly Uint8Array[],
  { overwrite = true }: { overwrite?: boolean } = {},
): Promise<void> {
  try {
    await replace(path, parts, overwrite);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
    const received = `${JSON.stringify(path)} (${reason})`;
    throw expectedText("ERR_ARGUMENT", "path", "the path of a file that can be written", received, { cause });
  }
}

async function replace(path: string, parts: readonly Uint8Array[], overwrite: boolean): Promise<void> {
  const { target, mode, exists } = await findTarget(path);
  if (exists && !overwrite) throw systemError("EEXIST");
  const folder = dirname(target);
  // The temporary name does not contain the target's name, which may already be as long as the system allows.
  const temporary = join(folder, `.${randomBytes(8).toString("hex")}.tmp`);
  let renamed = false;
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, "wx", 0o666);
    if (mode !== undefined) await file.chmod(mode);
    for (const part of parts) await writeWhole(file, part);
    await file.sync();
    await file.close();
    file = undefined;
    if (overwrite) {
      await rename(temporary, target);
      renamed = true;
    } else {
      // Unlike `rename`, `link` refuses a name that somebody else has taken meanwhile.
      await link(temporary, target);
    }
  } finally {
    await file?.close().catch(() => {});
    if (!renamed) await rm(temporary, { force: true }).catch(() => {});
  }
  await syncFolder(folder);
}

/** Returns the path of the file that `path` leads to, and the permissions of the file that is there. */
async function findTarget(path: string): Promise<{ target: string; mode: number | undefined; exists: boolean }> {
  // `rename` would replace "folder/." or a name that ends in a slash by something else, or refuse it only at the end.
  if (/(^|[/\\])\.{0,2}$/.test(path)) throw systemError("not a file name");
  try {
    const target = await realpath(path);
    const found = await stat(target);
    if (found.isDirectory()) throw systemError("EISDIR");
    if (!found.isFile()) throw systemError("not a regular file");
    return { target, mode: found.mode & 0o777, exists: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    // There is no file, or a link to no file, which the new file replaces.
    return { target: path, mode: undefined, exists: false };
  }
}

function systemError(reason: string): Error {
  return Object.assign(new Error(reason), { code: reason });
}

async function writeWhole(file: FileHandle, part: Uint8Array): Promise<void> {
  let written = 0;
  while (written < part.length) {
    const { bytesWritten } = await file.write(part, written, Math.min(part.length - written, PIECE_BYTES));
    written += bytesWritten;
  }
}

/** Makes the rename durable. A system that cannot sync folders (Windows) has its own way to keep it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close().catch(() => {});
}
