import { type FileHandle, link, open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { expectedText } from "../errors/messages.js";
import { isPermissionError, permissionRemedy } from "../errors/permissions.js";
import { removeLeftovers, temporaryPath } from "./temporary_files.js";

/** The largest number of bytes for one write. The system accepts at most 2 GiB. */
const PIECE_BYTES = 2 ** 30;

/**
 * Writes `parts`, one after the other, to the file at `path`: either all of them or nothing. They go to a new file in
 * the same folder, which replaces `path` once it is on the disk. Whoever opens `path` meanwhile, or after a crash,
 * finds the complete old file or the complete new one. The new file gets the permissions of the file it replaces,
 * and its owner and group where the process may set them. A symbolic link stays a link, and the file it points to is
 * replaced. With `overwrite: false` nothing is ever replaced. What killed processes left of earlier writes to the same
 * file is removed.
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
    const received = `${JSON.stringify(path)} (${reasonOf(cause)})`;
    throw expectedText("ERR_ARGUMENT", "path", "the path of a file that can be written", received, {
      cause,
      ...permissionRemedy(cause, "write"),
    });
  }
}

async function replace(path: string, parts: readonly Uint8Array[], overwrite: boolean): Promise<void> {
  const { target, old } = await findTarget(path);
  if (old && !overwrite) throw systemError("EEXIST");
  await removeLeftovers(target);
  const temporary = await temporaryPath(target);
  let renamed = false;
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, "wx", 0o666);
    if (old) await passOn(old, file);
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
  await syncFolder(dirname(target));
}

/** The permissions and the owner of a file. */
interface Rights {
  mode: number;
  uid: number;
  gid: number;
}

/** Sets the owner, the group and the permissions of the old file on `file`. */
async function passOn({ mode, uid, gid }: Rights, file: FileHandle): Promise<void> {
  const own = await file.stat();
  if (own.uid !== uid || own.gid !== gid) {
    // Only root may give files away, but others may set a group that they belong to.
    await file.chown(uid, gid).catch(() => file.chown(own.uid, gid).catch(() => {}));
  }
  // After the change of owner, which may clear permissions.
  await file.chmod(mode);
}

/** Returns the path of the file that `path` leads to, and the rights of the file that is there, if there is one. */
async function findTarget(path: string): Promise<{ target: string; old: Rights | null }> {
  // `rename` would replace "folder/." or a name that ends in a slash by something else, or refuse it only at the end.
  if (/(^|[/\\])\.{0,2}$/.test(path)) throw systemError("not a file name");
  try {
    const target = await realpath(path);
    const found = await stat(target);
    if (found.isDirectory()) throw systemError("EISDIR");
    if (!found.isFile()) throw systemError("not a regular file");
    return { target, old: { mode: found.mode & 0o777, uid: found.uid, gid: found.gid } };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    // There is no file, or a link to no file, which the new file replaces.
    return { target: path, old: null };
  }
}

function reasonOf(cause: unknown): string {
  // Deno's own message names the temporary file, which the caller does not know.
  if (isPermissionError(cause)) return "this process is not permitted to write there";
  return (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
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
