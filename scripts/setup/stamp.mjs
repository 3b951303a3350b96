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
 * Says whether the build called `name` must run. `reason` is the reason, or null if the build is up to date: `output` is
 * there, and the content of `inputs` (files or folders) and `facts` (strings) are what they were at the last recorded
 * build. `record` is to be called after the build. It records the inputs as they are now, before the build, so that a
 * file that changes meanwhile counts as changed. `hash` stands for the inputs and facts.
 *
 * @param {string} name
 * @param {{ output: string, inputs: string[], facts?: string[] }} build
 */
export function stateOf(name, { output, inputs, facts = [] }) {
  const stamp = join(folder, name);
  const hash = hashOf(inputs, facts);
  const record = () => {
    mkdirSync(folder, { recursive: true });
    // A new file in place of the old one, which a copy of this clone may share by a hard link.
    rmSync(stamp, { force: true });
    writeFileSync(stamp, hash);
  };
  const reasonOf = () => {
    if (!existsSync(join(root, output))) return `${output} is missing`;
    if (!existsSync(stamp)) return "it is not known from what it was built";
    return readFileSync(stamp, "utf8") === hash ? null : `${inputs[0]}/ or its build files changed`;
  };
  return { reason: reasonOf(), record, hash };
}

/** Makes the build called `name` run again when it is next asked for. */
export function forget(name) {
  rmSync(join(folder, name), { force: true });
}
