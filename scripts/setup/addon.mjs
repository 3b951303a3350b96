import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { CommandError, root, run, runNode, say } from "./shell.mjs";
import { stateOf } from "./stamp.mjs";

const require = createRequire(import.meta.url);

function facts() {
  const version = (name) => require(`${name}/package.json`).version;
  return [process.platform, process.arch, version("node-addon-api")];
}

/** Returns `--nodedir` if the running Node.js came with its headers. Otherwise node-gyp fetches the headers of its version. */
function headers() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, "include/node/common.gypi")) ? [`--nodedir=${prefix}`] : [];
}

/** Runs node-gyp or cmake-js when the addon that it makes is missing or old. */
function build(tool, program, args, steps) {
  const { reason, record } = stateOf(tool, steps);
  if (!reason) return;
  say(`building the addon with ${tool} (${reason})`);
  try {
    runNode(join(root, "node_modules", program), args, { quiet: true });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(
      `The addon could not be built; ${tool} needs ${steps.needs}. ${error.message}`,
      error.status,
    );
  }
  record();
}

/** The everyday build: build/Release/cudnn_gru.node by node-gyp. */
export function ensureAddon() {
  const named = process.env.CUDNN_GRU_ADDON;
  if (named) {
    say(`using the addon that CUDNN_GRU_ADDON names (${named})`);
    return;
  }
  const steps = {
    output: "build/Release/cudnn_gru.node",
    inputs: ["native", "binding.gyp"],
    facts: facts(),
    needs: "python3, make and a C++17 compiler such as g++",
  };
  const jobs = `--jobs=${availableParallelism()}`;
  const args = ["configure", "build", "--release", "--loglevel=warn", jobs, ...headers()];
  build("node-gyp", "node-gyp/bin/node-gyp.js", args, steps);
}

/** The same addon by CMake: build-cmake/Release/cudnn_gru.node, with the native tests beside it. */
export function ensureCmakeAddon() {
  const steps = {
    output: "build-cmake/Release/cudnn_gru.node",
    inputs: ["native", "test/native", "test/doubles", "bench/native", "CMakeLists.txt"],
    facts: facts(),
    needs:
      "cmake 3.19 or newer, doctest (apt-get install doctest-dev), make or ninja, and a C++17 compiler such as g++",
  };
  const jobs = `--parallel=${availableParallelism()}`;
  const args = ["compile", "--log-level=warn", "--out=build-cmake", jobs, "--CDCUDNN_GRU_NATIVE_TESTS=ON"];
  args.push("--CDCMAKE_COMPILE_WARNING_AS_ERROR=ON");
  build("cmake-js", "cmake-js/bin/cmake-js", args, steps);
}

/**
 * The addon and the native tests under AddressSanitizer and UndefinedBehaviorSanitizer, in build-cmake/asan/.
 * `npm run fuzz -- --asan` loads that addon.
 */
export function ensureSanitizedAddon() {
  const steps = {
    output: "build-cmake/asan/Release/cudnn_gru.node",
    inputs: ["native", "test/native", "test/doubles", "bench/native", "CMakeLists.txt"],
    facts: facts(),
    needs:
      "cmake 3.19 or newer, doctest (apt-get install doctest-dev), make or ninja, and a C++17 compiler with its sanitizers, such as g++",
  };
  const jobs = `--parallel=${availableParallelism()}`;
  const args = ["compile", "--log-level=warn", "--out=build-cmake/asan", jobs, "--CDCUDNN_GRU_NATIVE_TESTS=ON"];
  args.push("--CDCUDNN_GRU_SANITIZE=address;undefined");
  build("cmake-js-asan", "cmake-js/bin/cmake-js", args, steps);
}

/**
 * The test doubles of cuDNN and the driver, in build-cmake/doubles/ (test/doubles/README.md). Tests that need them are
 * skipped where they cannot be built, so that is said and no failure; sources that do not compile are one. Their own
 * tests need doctest: where it is not installed, each run looks for it again, which takes a second.
 */
export function ensureDoubles() {
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
  run("cmake", ["--build", folder, "--parallel", String(availableParallelism())], { quiet: true });
  state.record();
}
