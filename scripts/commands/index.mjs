import { join } from "node:path";
import { ensureSanitizedAddon } from "../setup/addon.mjs";
import { ensurePackages } from "../setup/packages.mjs";
import { CommandError, root, run, runNode, say } from "../setup/shell.mjs";
import { check } from "./check.mjs";
import { docsSite } from "./docs_site.mjs";
import { golden } from "./golden.mjs";
import { bundleGpu, testGpu } from "./gpu.mjs";
import { format, lint } from "./lint.mjs";
import { postpack, prepack } from "./pack.mjs";
import { buildPlatforms, ensurePlatformTests } from "./platforms.mjs";
import { release } from "./release.mjs";
import { makeTarball } from "./tarball.mjs";

const vitest = join(root, "node_modules/vitest/vitest.mjs");
const jest = join(root, "node_modules/jest/bin/jest.js");
const built = ["packages", "dist", "addon"];

/** Runs a TypeScript program as it stands; the loader strips its types. */
function runTypeScript(program, args) {
  run(process.execPath, ["--import", "./scripts/typescript/register.mjs", program, ...args]);
}

/** Runs vitest. Its counts stay the last line of a failed run too. */
function runTests(args) {
  passStatusOn(() => runNode(vitest, ["run", ...args]));
}

/** Runs tests where arrays and buffers are of another realm than Node.js's own: vitest's VM pool, and Jest with ES modules. */
function runInOtherRealms() {
  passStatusOn(() => {
    run(process.execPath, ["--experimental-vm-modules", jest, "--config", "test/realms/jest.config.mjs"]);
    runNode(vitest, ["run", "--config", "test/realms/vitest.config.ts"]);
  });
}

/** Runs `start`, which starts a program; of one that fails only the exit status is passed on. */
function passStatusOn(start) {
  try {
    start();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    process.exitCode = error.status;
  }
}

/** Runs the fuzzers of test/fuzz/; whether there were findings is for the exit status to say. */
async function runFuzz(args) {
  if (args.includes("--asan")) await ensureSanitizedAddon();
  passStatusOn(() => runTypeScript("test/fuzz/main.ts", args));
}

/** Runs the training example. Ctrl-C is for the example, which saves and ends by itself. */
function runTraining(args) {
  process.on("SIGINT", () => {});
  passStatusOn(() => runNode("examples/train-weather/train.mjs", args));
}

/** The commands by name: a description, the builds and installations that it needs, and the work itself. */
export const commands = {
  start: {
    about: "forecast Seattle's weather with a model that Keras trained",
    needs: built,
    run: (args) => runNode("examples/weather/forecast.mjs", args),
  },
  "example:audio": {
    about: "stream sound through GRUs at 48 kHz, and measure the load of a core; takes a WAV file",
    needs: built,
    run: (args) => runNode("examples/audio/stream.mjs", args),
  },
  "example:syllables": {
    about: "train a GRU in tfjs to count the syllables of words",
    needs: built,
    run: (args) => runNode("examples/syllables/train.mjs", args),
  },
  "example:fine-tune": {
    about: "fine-tune a model of Keras in tfjs on New York's weather, and save it for Keras",
    needs: built,
    run: (args) => runNode("examples/fine-tune/fine_tune.mjs", args),
  },
  "example:train": {
    about: "train a GRU on Seattle's weather and test it; --help lists the arguments",
    needs: built,
    run: runTraining,
  },
  "example:verses": {
    about:
      "tell which part of a book verses come from, with a model that Keras trained on text; takes texts of your own",
    needs: built,
    run: (args) => passStatusOn(() => runNode("examples/verses/classify.mjs", args)),
  },
  test: {
    about: "run the tests; arguments go to vitest",
    needs: [...built, "doubles"],
    run: runTests,
  },
  check: {
    about: "check style and types, and run the tests of what changed; --help lists the arguments",
    needs: ["packages"],
    run: check,
  },
  build: {
    about: "build dist/ and the addon (node-gyp)",
    needs: built,
    run: () => say("dist/ and build/Release/cudnn_gru.node are up to date"),
  },
  "build:cmake": {
    about: "build the same addon and the native tests with cmake-js, in build-cmake/",
    needs: ["packages", "cmake"],
    run: () => say("build-cmake/Release/cudnn_gru.node is up to date"),
  },
  "build:platforms": {
    about: "build the binaries of every platform, or of those named, in prebuilds/",
    needs: ["packages"],
    run: buildPlatforms,
  },
  "test:native": {
    about: "run the native tests; arguments go to ctest",
    needs: ["packages", "cmake"],
    run: (args) => run("ctest", ["--test-dir", "build-cmake", "--output-on-failure", "--parallel", "2", ...args]),
  },
  "build:asan": {
    about: "build the addon and the native tests with sanitizers, in build-cmake/asan/",
    needs: ["packages", "sanitized"],
    run: () => say("build-cmake/asan/Release/cudnn_gru.node is up to date"),
  },
  fuzz: {
    about: "hostile calls and files from a seed, for a minute; --help lists the arguments",
    needs: built,
    run: runFuzz,
  },
  "test:package": {
    about: "pack, install the tarball in an empty folder without a compiler, and run it",
    needs: built,
    run: (args) => runTests(["--config", "test/package/vitest.config.ts", ...args]),
  },
  "test:server": {
    about: "run the tests of the example server",
    needs: built,
    run: (args) => {
      ensurePackages("examples/server");
      runTests(["--config", "examples/server/vitest.config.mjs", ...args]);
    },
  },
  "test:platforms": {
    about: "test the binaries in prebuilds/, under emulators where they are for other platforms",
    needs: built,
    run: (args) => {
      ensurePlatformTests();
      runTests(["--config", "test/platforms/vitest.config.ts", ...args]);
    },
  },
  "test:realms": {
    about: "run a part of the tests in vitest's VM pool, and a file under Jest",
    needs: built,
    run: runInOtherRealms,
  },
  "test:gpu": {
    about: "run the tests on a GPU; skipped, with the reason, where there is none",
    needs: built,
    run: testGpu,
  },
  "gpu:bundle": {
    about: "pack the tests on a GPU, Node.js included, into one archive in gpu-bundle/",
    needs: built,
    run: bundleGpu,
  },
  lint: {
    about: "check style, types, the direction of includes and imports, and comments of public names",
    needs: ["packages", "dist"],
    run: lint,
  },
  format: { about: "rewrite the sources in the house style", needs: ["packages"], run: format },
  bench: {
    about: "compare with the peers of bench/package.json",
    needs: built,
    run: (args) => {
      ensurePackages("bench");
      runTypeScript("bench/main.ts", args);
    },
  },
  "bench:models": {
    about: "time whole models beside the peers of bench/package.json (needs Python)",
    needs: built,
    run: (args) => {
      ensurePackages("bench");
      runTypeScript("bench/models/main.ts", args);
    },
  },
  "bench:beside": {
    about: "time several threads beside the threads of onnxruntime-node",
    needs: built,
    run: (args) => {
      ensurePackages("bench");
      runTypeScript("bench/beside.ts", args);
    },
  },
  "bench:half": {
    about: "time the conversions of 16-bit types",
    needs: built,
    run: (args) => runTypeScript("bench/half.ts", args),
  },
  "docs:site": {
    about: "make the documentation's site, with the API reference, in docs-site/dist/",
    needs: ["packages"],
    run: docsSite,
  },
  golden: { about: "regenerate the golden data with Keras (needs Python)", needs: [], run: golden },
  release: {
    about: "make a release up to its tag; --dry-run only says what would be done",
    needs: ["packages"],
    run: release,
  },
  "release:tarball": {
    about: "make the tarball of a release in release/, check it and compute with it; --help lists the arguments",
    needs: built,
    run: makeTarball,
  },
  prepack: { about: "build everything the tarball holds, and bundle dist/", needs: built, run: prepack },
  postpack: { about: "put the modules back in dist/", needs: ["packages"], run: postpack },
};
