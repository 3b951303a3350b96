import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./shell.mjs";

const folder = join(root, "node_modules", ".cache", "cudnn-gru");

/** The files at and below `path` (relative to the root), sorted, so that a hash over them is stable. */
export function filesBelow(path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [path];
  return readdirSync(full)
    .sort()
    .flatMap((name) => filesBelow(`${path}/${name}`));
}

function hashOf(inputs, facts) {
  const hash = createHash("sha256");
  for (const fact of facts) hash.update(`${fact}\n`);
  for (const path of inputs.flatMap(filesBelow)) hash.update(`${path}\n`).update(readFileSync(join(root, path)));
  return hash.digest("hex");
}

/**
 * Why the build called `name` must run again, or null when it need not: `output` is missing, or the content of
 * `inputs` (files or folders) or one of `facts` (strings) is not what it was when `record` was last called.
 */
export function staleness(name, { output, inputs, facts = [] }) {
  if (!existsSync(join(root, output))) return `${output} is missing`;
  const stamp = join(folder, name);
  if (!existsSync(stamp)) return "it is not known from what it was built";
  return readFileSync(stamp, "utf8") === hashOf(inputs, facts) ? null : `${inputs[0]}/ or its build files changed`;
}

/** Records that the build called `name` is up to date with its inputs. */
export function record(name, { inputs, facts = [] }) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), hashOf(inputs, facts));
}

/** Makes the build called `name` run again when it is next asked for. */
export function forget(name) {
  rmSync(join(folder, name), { force: true });
}
