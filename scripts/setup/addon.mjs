import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { prebuildFolder, takePrebuild } from "./prebuild.mjs";
import { filesToCompile, newProgress } from "./progress.mjs";
import { CommandError, root, run, runNode, runWatched, say } from "./shell.mjs";
import { stateOf } from "./stamp.mjs";

const require = createRequire(import.meta.url);

function facts(platform = process.platform, arch = process.arch) {
  const version = (name) => require(`${name}/package.json`).version;
  return [platform, arch, version("node-addon-api")];
}

/** Returns `--nodedir` if the running Node.js came with its headers. Otherwise node-gyp fetches the headers of its version. */
function headers() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, "include/node/common.gypi")) ? [`--nodedir=${prefix}`] : [];
}

const cores = availableParallelism();

/** Says what is being built, runs `work`, which returns the seconds that it took, and says that it is done. */
async function build(tool, reason, needs, work) {
  say(`building the addon with ${tool} on ${cores} ${cores === 1 ? "core" : "cores"} (${reason})`);
  try {
    say(`built the addon in ${await work()} s`);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(`The addon could not be built; ${tool} needs ${needs}. ${error.message}`, error.status);
  }
}

const NODE_GYP = join(root, "node_modules/node-gyp/bin/node-gyp.js");
const BINARY = "build/Release/cudnn_gru.node";

function everydaySteps(...platform) {
  return { output: BINARY, inputs: ["native", "binding.gyp"], facts: facts(...platform) };
}

/** Returns how many files make would compile, once node-gyp has configured the build. 0 where there is no make. */
function filesForMake() {
  const args = ["--dry-run", "--directory=build", "BUILDTYPE=Release"];
  const { stdout } = spawnSync(process.env.MAKE || "make", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  return filesToCompile(stdout ?? "");
}

async function runNodeGyp() {
  const options = ["--release", "--loglevel=warn", `--jobs=${cores}`, ...headers()];
  runNode(NODE_GYP, ["configure", ...options], { quiet: true });
  // A prebuilt binary may be in its place, which make must not take for its own.
  rmSync(join(root, BINARY), { force: true });
  const progress = newProgress("cudnn-gru: compiling", { files: filesForMake() });
  return runWatched(process.execPath, [NODE_GYP, "build", ...options], progress);
}

/** The everyday build: build/Release/cudnn_gru.node by node-gyp, or the prebuilt binary of the same sources. */
export async function ensureAddon() {
  const named = process.env.CUDNN_GRU_ADDON;
  if (named) {
    say(`using the addon that CUDNN_GRU_ADDON names (${named})`);
    return;
  }
  const { reason, record, hash } = stateOf("node-gyp", everydaySteps());
  if (!reason) return;
  if (takePrebuild(hash, join(root, BINARY))) {
    say(`using the binary in ${prebuildFolder}/, which was built from the same sources (${reason})`);
  } else {
    await build("node-gyp", reason, "python3, make and a C++17 compiler such as g++", runNodeGyp);
  }
  record();
}

/** Returns the hash of the sources of build/Release/cudnn_gru.node, or null if they have changed since it was built. */
export function addonSources() {
  const { reason, hash } = stateOf("node-gyp", everydaySteps());
  return reason === null ? hash : null;
}

/** Returns the hash of the sources as they are now, for a binary of another platform that is built from them. */
export function sourcesOf(platform, arch) {
  return stateOf("node-gyp", everydaySteps(platform, arch)).hash;
}

/** Runs cmake-js when the addon that it makes in `folder` is missing or old. `name` is that of the record of the build. */
async function buildByCmake(name, folder, needs, options) {
  const steps = {
    output: `${folder}/Release/cudnn_gru.node`,
    inputs: ["native", "test/native", "test/doubles", "bench/native", "CMakeLists.txt"],
    facts: facts(),
  };
  const { reason, record } = stateOf(name, steps);
  if (!reason) return;
  const program = join(root, "node_modules/cmake-js/bin/cmake-js");
  const args = ["compile", "--log-level=warn", `--out=${folder}`, `--parallel=${cores}`, ...options];
  args.push("--CDCUDNN_GRU_NATIVE_TESTS=ON");
  await build(
    name,
    reason,
    `cmake 3.19 or newer, doctest (apt-get install doctest-dev), make or ninja, and ${needs}`,
    () => runWatched(process.execPath, [program, ...args], newProgress("cudnn-gru: compiling")),
  );
  record();
}

/** The same addon by CMake: build-cmake/Release/cudnn_gru.node, with the native tests beside it. */
export function ensureCmakeAddon() {
  const options = ["--CDCMAKE_COMPILE_WARNING_AS_ERROR=ON"];
  return buildByCmake("cmake-js", "build-cmake", "a C++17 compiler such as g++", options);
}

/**
 * The addon and the native tests under AddressSanitizer and UndefinedBehaviorSanitizer, in build-cmake/asan/.
 * `npm run fuzz -- --asan` loads that addon.
 */
export function ensureSanitizedAddon() {
  const needs = "a C++17 compiler with its sanitizers, such as g++";
  return buildByCmake("cmake-js-asan", "build-cmake/asan", needs, ["--CDCUDNN_GRU_SANITIZE=address;undefined"]);
}

/**
 * The test doubles of cuDNN and the driver, in build-cmake/doubles/ (test/doubles/README.md). Tests that need them are
 * skipped where they cannot be built, so that is said and no failure; sources that do not compile are one. Their own
 * tests need doctest: where it is not installed, each run looks for it again, which takes a second.
 */
export async function ensureDoubles() {
  if (process.platform !== "linux") return;
  const steps = {
    output: "build-cmake/doubles/cudnn/libcudnn_adv.so.9",
    inputs: ["test/doubles", "test/native", "native/cudnn/abi.h"],
    facts: facts(),
  };
  const untested = !existsSync(join(root, "build-cmake/doubles/cudnn_doubles_test"));
  const state = stateOf("doubles", steps);
  const reason = state.reason ?? (untested ? "their own tests were not built, which need doctest" : null);
  if (!reason) return;
  if (spawnSync("cmake", ["--version"]).error) {
    say("the test doubles of cuDNN are not built, because cmake was not found: tests that need them are skipped");
    return;
  }
  say(`building the test doubles of cuDNN (${reason})`);
  const folder = "build-cmake/doubles";
  run("cmake", ["-S", "test/doubles", "-B", folder, "-DCMAKE_BUILD_TYPE=Release"], { quiet: true });
  const args = ["--build", folder, "--parallel", String(cores)];
  await runWatched("cmake", args, newProgress("cudnn-gru: compiling the doubles"));
  state.record();
}
