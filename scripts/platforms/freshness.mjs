// Whether an object was compiled by this command from these files. An object has two files beside it: the compiler's list of
// the files that it read (.d), and a hash over them and the command (.from).
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../setup/shell.mjs";

/** The file that the compiler is to write its list to. */
export function listOf(output) {
  return `${output}.d`;
}

const hashes = new Map();

function hashOfFile(path) {
  if (!hashes.has(path)) hashes.set(path, createHash("sha256").update(readFileSync(path)).digest("hex"));
  return hashes.get(path);
}

/** The files in a list that the compiler wrote in the syntax of make. Those of the compiler itself are left out. */
function filesIn(list) {
  const [, files] = list.replace(/\\\r?\n/g, " ").split(/:\s+(.*)/s);
  return files.split(/\s+/).filter((file) => file !== "" && !file.includes("/zig-linux-x64/"));
}

function hashOf(output, command) {
  const files = filesIn(readFileSync(join(root, listOf(output)), "utf8"));
  const hash = createHash("sha256").update(JSON.stringify(command));
  for (const file of files) hash.update(file).update(hashOfFile(file));
  return hash.digest("hex");
}

/** Whether the object at `output` is what `command` would make again. A command is any value that decides the result. */
export function isFresh(output, command) {
  const paths = [output, listOf(output), `${output}.from`].map((path) => join(root, path));
  if (!paths.every((path) => existsSync(path))) return false;
  try {
    return readFileSync(paths[2], "utf8") === hashOf(output, command);
  } catch {
    return false; // A file that it was made from is gone.
  }
}

/** Makes `isFresh` return false until the next `record`. */
export function forget(output) {
  rmSync(join(root, `${output}.from`), { force: true });
}

/** Records that `command` has just made `output`. */
export function record(output, command) {
  writeFileSync(join(root, `${output}.from`), hashOf(output, command));
}
