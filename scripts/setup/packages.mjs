import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { root, runNpm, say } from "./shell.mjs";

/** Why the packages in `folder` must be installed, or null when they are as its lockfile says. */
function staleness(folder) {
  const installed = join(root, folder, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return "node_modules is missing";
  const lockfile = join(root, folder, "package-lock.json");
  return statSync(installed).mtimeMs < statSync(lockfile).mtimeMs
    ? "package-lock.json is newer than node_modules"
    : null;
}

/** Installs the packages of `folder` (the root, or another folder with a package.json of its own), development ones included, when they are missing or old. */
export function ensurePackages(folder = ".") {
  let reason = staleness(folder);
  if (!reason && folder === "." && !existsSync(join(root, "node_modules/typescript"))) {
    reason = "the development packages are missing";
  }
  if (!reason) return;
  say(`installing packages${folder === "." ? "" : ` in ${folder}/`} (${reason}), which may take a minute`);
  // No package of ours needs its install script, and those of onnxruntime-node download CUDA libraries.
  runNpm(["ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: join(root, folder),
    aside: true,
  });
}
