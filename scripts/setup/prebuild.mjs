// The binary for an installed package: prebuilds/<platform>-<arch>/cudnn_gru.node, and a record of what it was made from. A
// clone uses it in place of a build when its sources are unchanged.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./shell.mjs";

/** The folder of this machine's binary, relative to the root. */
export const prebuildFolder = `prebuilds/${process.platform}-${process.arch}`;

function pathsIn(folder) {
  return { binary: join(folder, "cudnn_gru.node"), record: join(folder, "built_from.json") };
}

function hashOfFile(path) {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

function copyAnew(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  // A running process may have the old file in its memory, so a new one takes its place.
  rmSync(to, { force: true });
  copyFileSync(from, to);
}

/**
 * Makes the binary at `from` the prebuilt one of a platform, whose `folder` lies in `base`; without `folder`, of this machine's.
 * `sources` is the hash of what it was built from, or null if that is not known; then no clone will use it.
 */
export function storePrebuild(from, sources, base = root, folder = prebuildFolder) {
  const { binary, record } = pathsIn(join(base, folder));
  rmSync(record, { force: true });
  copyAnew(from, binary);
  if (sources === null) return;
  writeFileSync(record, `${JSON.stringify({ sources, binary: hashOfFile(binary) }, null, 2)}\n`);
}

/** Whether this Node.js can load the binary: it may have been built for a newer C library. */
function loads(binary) {
  const { status } = spawnSync(process.execPath, ["-e", `require(${JSON.stringify(binary)})`], { stdio: "ignore" });
  return status === 0;
}

function isFrom(sources, { binary, record }) {
  if (!existsSync(binary) || !existsSync(record)) return false;
  try {
    const recorded = JSON.parse(readFileSync(record, "utf8"));
    return recorded.sources === sources && recorded.binary === hashOfFile(binary) && loads(binary);
  } catch {
    return false;
  }
}

/**
 * Copies the prebuilt binary to `to` if it was made from exactly these sources, which their hash tells, and works here.
 * Returns whether it did.
 */
export function takePrebuild(sources, to, base = root) {
  const paths = pathsIn(join(base, prebuildFolder));
  if (!isFrom(sources, paths)) return false;
  copyAnew(paths.binary, to);
  return true;
}
