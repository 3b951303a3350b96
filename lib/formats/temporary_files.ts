// The names of the files that saving writes to before it renames them, and the removal of those that a killed process left.
import { createHash, randomBytes } from "node:crypto";
import { lstat, opendir, readFile, readlink, rm } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { basename, dirname, join } from "node:path";

/**
 * The name says which file it is for, where the process runs that writes it, and which process that is: its id, and the
 * time it started, because the system uses ids again.
 */
const NAME =
  /^\.cudnn-gru-(?<target>[0-9a-f]{16})-(?<place>[0-9a-f]{16})-(?<pid>\d+)-(?<started>\d+)-[0-9a-f]{16}\.tmp$/;

/** The start time of a process for which the system does not tell it. */
const UNKNOWN_START = "0";

/** Deno would ask the user for permissions to read about processes, so under Deno leftovers stay. */
const IS_DENO = process.versions.deno !== undefined;

/** Returns a new name for the temporary file of `target`, in the same folder. */
export async function temporaryPath(target: string): Promise<string> {
  const started = await startOf(process.pid);
  // The name holds a hash of the target's name, which may already be as long as the system allows.
  const parts = [hashOf(basename(target)), await thisPlace(), process.pid, started, randomBytes(8).toString("hex")];
  return join(dirname(target), `.cudnn-gru-${parts.join("-")}.tmp`);
}

/**
 * Removes the temporary files of `target` that killed processes left. Removes no other file, and none of a process that
 * may still be running: one on another machine or in another container counts as running. Failures are ignored, because
 * the file can be saved all the same.
 */
export async function removeLeftovers(target: string): Promise<void> {
  try {
    const folder = dirname(target);
    for await (const { name } of await opendir(folder, { bufferSize: 256 })) {
      // Another process may remove the same file at the same time.
      if (await isLeftover(folder, name, target).catch(() => false)) await rm(join(folder, name)).catch(() => {});
    }
  } catch {
    // The folder cannot be listed, for example.
  }
}

async function isLeftover(folder: string, name: string, target: string): Promise<boolean> {
  const parts = NAME.exec(name)?.groups;
  if (parts?.target !== hashOf(basename(target)) || parts.place !== (await thisPlace())) return false;
  const stats = await lstat(join(folder, name));
  return stats.isFile() && mayRemove(stats.uid) && (await hasEnded(Number(parts.pid), parts.started as string));
}

/** Whether files of the user `uid` are this process's to remove: its own user's, or anybody's for root. */
function mayRemove(uid: number): boolean {
  const user = process.geteuid?.() ?? uid;
  return user === uid || user === 0;
}

/** Whether the process with this id, which started at `started`, has ended. */
async function hasEnded(pid: number, started: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  const now = await startOf(pid);
  return started !== UNKNOWN_START && now !== UNKNOWN_START && now !== started;
}

/** Returns when a process started, in the system's clock ticks since it booted. Only Linux tells. */
async function startOf(pid: number): Promise<string> {
  if (IS_DENO) return UNKNOWN_START;
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses, and may hold spaces and parentheses. The 22nd is the time.
    const field = text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
    return field !== undefined && /^\d+$/.test(field) ? field : UNKNOWN_START;
  } catch {
    return UNKNOWN_START;
  }
}

let place: Promise<string> | undefined;

/**
 * Returns a hash of what decides which process an id stands for. On Linux that is the boot of the machine and the
 * namespace of process ids, which every container has for itself. A folder may be shared with others over a network.
 */
function thisPlace(): Promise<string> {
  place ??= (IS_DENO ? Promise.reject() : identify()).then(hashOf, () => randomBytes(8).toString("hex"));
  return place;
}

async function identify(): Promise<string> {
  if (process.platform === "linux") {
    return `${await readFile("/proc/sys/kernel/random/boot_id", "utf8")}${await readlink("/proc/self/ns/pid")}`;
  }
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ mac }) => mac));
  return [hostname(), ...new Set(addresses)].sort().join();
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
