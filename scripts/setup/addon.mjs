import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { CommandError, root, runNode, say } from "./shell.mjs";
import { record, staleness } from "./stamp.mjs";

const require = createRequire(import.meta.url);

function facts() {
  const version = (name) => require(`${name}/package.json`).version;
  return [process.platform, process.arch, version("node-addon-api")];
}

/** `--nodedir` where the running Node.js came with its headers; else node-gyp fetches those of its version. */
function headers() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, "include/node/common.gypi")) ? [`--nodedir=${prefix}`] : [];
}

function build(name, what, steps, build) {
  const reason = staleness(name, steps);
  if (!reason) return;
  say(`building the addon with ${what} (${reason})`);
  try {
    build();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(
      `The addon could not be built; ${what} needs ${steps.needs}. ${error.message}`,
      error.status,
    );
  }
  record(name, steps);
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
  build("node-gyp", "node-gyp", steps, () => {
    const jobs = `--jobs=${availableParallelism()}`;
    runNode(join(root, "node_modules/node-gyp/bin/node-gyp.js"), [
      "configure",
      "build",
      "--release",
      "--loglevel=warn",
      jobs,
      ...headers(),
    ]);
  });
}

/** The same addon by CMake: build-cmake/Release/cudnn_gru.node, with the native tests beside it. */
export function ensureCmakeAddon() {
  const steps = {
    output: "build-cmake/Release/cudnn_gru.node",
    inputs: ["native", "test/native", "CMakeLists.txt"],
    facts: facts(),
    needs: "cmake 3.19 or newer, make or ninja, and a C++17 compiler such as g++",
  };
  build("cmake-js", "cmake-js", steps, () => {
    runNode(join(root, "node_modules/cmake-js/bin/cmake-js"), [
      "compile",
      "--log-level=warn",
      "--out=build-cmake",
      `--parallel=${availableParallelism()}`,
      "--CDCUDNN_GRU_NATIVE_TESTS=ON",
    ]);
  });
}
