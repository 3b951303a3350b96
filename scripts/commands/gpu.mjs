import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { CommandError, root, run, runNode, say } from "../setup/shell.mjs";

const LARGEST = 40e6;
const NAME = "cudnn-gru-gpu";

/** The tests of test/gpu/, by name: Node.js 20 takes folders, later ones patterns. */
export function testGpu(args) {
  const tests = readdirSync(join(root, "test/gpu")).filter((name) => name.endsWith(".test.mjs"));
  runNode("--test", [...tests.map((name) => join("test/gpu", name)), ...args]);
}

/** What goes into the archive, relative to the root; the rest is made. */
const CONTENTS = ["package.json", "LICENSE", "dist", "test/gpu", "test/golden/data", "bench/gpu"];

const RUN = `#!/bin/sh
# Runs doctor, the GPU tests and the benchmark, and writes gpu-record.json here. Needs a driver and cuDNN 9; PyTorch is
# found by CUDNN_GRU_PYTHON or as python3, and left out where there is none. "run.sh --no-bench" leaves the benchmark out.
cd "$(dirname "$0")" || exit 1
if [ ! -x node ]; then
  if command -v xz >/dev/null; then xz -dc node.xz >node.part
  else python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open("node.xz"), sys.stdout.buffer)' >node.part
  fi || { echo "node.xz needs xz or python3 to be unpacked" >&2; exit 1; }
  chmod +x node.part && mv node.part node
fi
rm -rf record && mkdir record
export CUDNN_GRU_GPU_RECORD="$PWD/record"
./node dist/cli/main.js doctor
./node dist/cli/main.js doctor --json >record/doctor.json
./node --test --test-reporter=spec --test-reporter-destination=stdout \\
  --test-reporter=tap --test-reporter-destination=record/tests.tap test/gpu/*.test.mjs
status=$?
if [ "$1" != --no-bench ]; then ./node bench/gpu/main.mjs --json record/bench.json || status=1; fi
./node test/gpu/collect.mjs record >gpu-record.json && echo "Wrote $PWD/gpu-record.json"
exit $status
`;

function needsOf(file) {
  const { stdout } = spawnSync("objdump", ["-T", file], { encoding: "utf8", maxBuffer: 1 << 26 });
  const versions = [...(stdout ?? "").matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(
    ([, major, minor]) => Number(major) * 1000 + Number(minor),
  );
  const newest = Math.max(...versions);
  return Number.isFinite(newest) ? `${Math.floor(newest / 1000)}.${newest % 1000}` : null;
}

/** Packs the tests on a GPU with everything they need into gpu-bundle/, one archive of at most 40 MB. */
export function bundleGpu() {
  const output = join(root, "gpu-bundle");
  const folder = join(output, NAME);
  rmSync(output, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const path of CONTENTS) cpSync(join(root, path), join(folder, path), { recursive: true });
  // The one package that doctor needs; nothing else here reads a model.
  const commander = dirname(createRequire(import.meta.url).resolve("commander"));
  cpSync(commander, join(folder, "node_modules/commander"), { recursive: true, dereference: true });
  const addon = process.env.CUDNN_GRU_ADDON || join(root, "build/Release/cudnn_gru.node");
  mkdirSync(join(folder, "prebuilds/linux-x64"), { recursive: true });
  copyFileSync(addon, join(folder, "prebuilds/linux-x64/cudnn_gru.node"));
  const node = join(folder, "node");
  copyFileSync(process.execPath, node);
  chmodSync(node, 0o755);
  run("strip", [node]);
  say("compressing Node.js, which takes a minute");
  run("xz", ["-6", "--threads=0", node]);
  writeFileSync(join(folder, "run.sh"), RUN, { mode: 0o755 });
  const archive = join(output, `${NAME}.tar.gz`);
  run("tar", ["--sort=name", "--owner=0", "--group=0", "-czf", archive, "-C", output, NAME]);
  const { size } = statSync(archive);
  if (size > LARGEST) throw new CommandError(`${archive} has ${size} bytes, more than ${LARGEST}`, 1);
  const glibc = needsOf(addon);
  say(
    `gpu-bundle/${NAME}.tar.gz: ${(size / 1e6).toFixed(1)} MB, for x86-64 Linux${glibc ? ` with glibc ${glibc}` : ""}`,
  );
}
