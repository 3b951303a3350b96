import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { CommandError, root, run, runNode, say } from "../setup/shell.mjs";

const LARGEST = 40e6;
const NAME = "cudnn-gru-gpu";

/** The tests of test/gpu/, by name: Node.js 20 takes folders, later ones patterns. */
export function testGpu(args) {
  const tests = readdirSync(join(root, "test/gpu")).filter((name) => name.endsWith(".test.mjs"));
  // One file after the other: one test fills the device's memory.
  const flags = ["--test-concurrency=1", "--test-timeout=300000"];
  runNode("--test", [...flags, ...tests.map((name) => join("test/gpu", name)), ...args]);
}

/** The files and folders that are copied into the archive, relative to the root. The rest of the archive is made. */
const CONTENTS = ["package.json", "LICENSE", "dist", "test/gpu", "test/golden/data", "bench/gpu"];

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
  renameSync(join(folder, "test/gpu/run.sh"), join(folder, "run.sh"));
  const archive = join(output, `${NAME}.tar.gz`);
  run("tar", ["--sort=name", "--owner=0", "--group=0", "-czf", archive, "-C", output, NAME]);
  const { size } = statSync(archive);
  if (size > LARGEST) throw new CommandError(`${archive} has ${size} bytes, more than ${LARGEST}`, 1);
  const glibc = needsOf(addon);
  say(
    `gpu-bundle/${NAME}.tar.gz: ${(size / 1e6).toFixed(1)} MB, for x86-64 Linux${glibc ? ` with glibc ${glibc}` : ""}`,
  );
}
