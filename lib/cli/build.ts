import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../package_root.js";

/**
 * The packages that the build needs but this package does not include: the program that runs CMake, and the headers.
 */
const TOOLS = ["cmake-js", "node-addon-api"];

/**
 * Returns the path of an installed package's package.json, looking first in the user's project and then in this
 * package. Returns `null` when the package is not installed.
 */
function find(name: string): string | null {
  for (const folder of [process.cwd(), packageRoot]) {
    try {
      return createRequire(join(folder, "package.json")).resolve(`${name}/package.json`);
    } catch {
      // The package is not installed in this folder.
    }
  }
  return null;
}

/**
 * Runs a Node.js program in the package's folder, connected to this process's streams. Returns its exit status, which
 * is 1 when a signal ended it.
 */
function runNode(args: readonly string[]): number {
  const { status, error } = spawnSync(process.execPath, args, { cwd: packageRoot, stdio: "inherit" });
  if (error) console.error(error.message);
  return status ?? 1;
}

/**
 * Builds the addon from the package's sources with cmake-js, inside the package's folder, and then loads it. It
 * installs nothing, but says which packages or programs are missing. Returns the exit status.
 */
export function buildAddon(): number {
  const missing = TOOLS.filter((name) => find(name) === null);
  if (missing.length > 0) {
    console.error(
      `The build needs ${missing.join(" and ")}. Install what it needs beside cudnn-gru, then run it again:\n` +
        "  npm install --save-dev cmake-js@8 node-addon-api@8",
    );
    return 1;
  }
  if (spawnSync("cmake", ["--version"], { stdio: "ignore" }).status !== 0) {
    console.error("The build needs CMake 3.19 or newer on the PATH, and a C++17 compiler: apt install cmake g++");
    return 1;
  }
  const program = join(find("cmake-js") as string, "../bin/cmake-js");
  const status = runNode([
    program,
    "compile",
    "--log-level=warn",
    "--out=build-cmake",
    `--parallel=${availableParallelism()}`,
  ]);
  if (status !== 0) return status;
  const addon = join(packageRoot, "build-cmake/Release/cudnn_gru.node");
  const loads = runNode(["-e", `require(${JSON.stringify(addon)})`]);
  console.log(loads === 0 ? `Built ${addon}, and it loads.` : `Built ${addon}, but it does not load.`);
  return loads;
}
