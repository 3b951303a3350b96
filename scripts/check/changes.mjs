// Finds the changed files, against git.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError, root } from "../setup/shell.mjs";

function git(args) {
  const { status, stdout, stderr } = spawnSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  return { ok: status === 0, text: stdout ?? "", error: stderr ?? "" };
}

const listOf = (text) => text.split("\0").filter(Boolean);

/**
 * The files that changed since the commit `since`, deleted and new ones included, and that commit. Without `since` they
 * are the uncommitted changes; in a clean clone, those of the last commit.
 */
export function changesSince(since) {
  const fresh = listOf(git(["ls-files", "-z", "--others", "--exclude-standard"]).text);
  const changed = (base) => {
    const { ok, text, error } = git(["diff", "--name-only", "--no-renames", "-z", base, "--"]);
    if (!ok)
      throw new CommandError(`Expected a commit that git knows for --since but received "${base}": ${error.trim()}`, 2);
    return [...new Set([...listOf(text), ...fresh])].sort();
  };
  if (since !== undefined) return { base: since, files: changed(since) };
  const uncommitted = changed("HEAD");
  return uncommitted.length > 0 ? { base: "HEAD", files: uncommitted } : { base: "HEAD~1", files: changed("HEAD~1") };
}

/** The text of a file in the commit `base` and now; `null` where there is none. */
export function versionsOf(path, base) {
  const before = git(["show", `${base}:${path}`]);
  const full = join(root, path);
  return { before: before.ok ? before.text : null, after: existsSync(full) ? readFileSync(full, "utf8") : null };
}
